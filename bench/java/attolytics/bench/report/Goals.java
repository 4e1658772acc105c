package attolytics.bench.report;

import attolytics.bench.part.Closed;
import attolytics.bench.part.Crowd;
import attolytics.bench.part.Lone;
import attolytics.bench.part.Open;
import attolytics.bench.part.Peers;
import attolytics.bench.result.Median;
import attolytics.bench.result.Results;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import java.io.IOException;
import java.util.List;

/** The table of what is aimed at, and what was measured. */
final class Goals {
  private static final String RATIO = "%.2f";

  private final MarkdownTable table =
      new MarkdownTable("what", "at least", "aim", "measured", "range");
  private final List<Round> closed;
  private final List<Round> lone;
  private final List<Round> trickle;
  private final List<Round> crowd;
  private final List<Round> peers;

  Goals(Results results) throws IOException {
    closed = results.rounds(Closed.PART);
    lone = results.rounds(Lone.PART);
    trickle = results.rounds(Open.TRICKLE_PART);
    crowd = results.rounds(Crowd.PART);
    peers = results.rounds(Peers.PART);
  }

  String toMarkdown() {
    throughput();
    small();
    idle();
    latency();
    cost();
    trickle();
    memory();
    return table.toString();
  }

  private void throughput() {
    int indexes = Closed.INDEXES;
    goal(
        "rows/s ÷ raw COPY (one connection, 10 000 rows), the example's 4 indexes, 10-event bodies,"
            + " 256 clients",
        "0.88",
        "1.00",
        RATIO,
        ofCopy(indexes, Closed.EVENTS, Closed.MANY));
    goal(
        "the same, 64 clients",
        "0.68",
        "0.85",
        RATIO,
        ofCopy(indexes, Closed.EVENTS, Closed.FEWER));
    goal(
        "no index, 10-event bodies, 256 clients",
        "0.36",
        "0.45",
        RATIO,
        ofCopy(0, Closed.EVENTS, Closed.MANY));
    goal(
        "4 indexes, 100-event bodies, 64 clients",
        "1.10",
        "1.25",
        RATIO,
        ofCopy(indexes, Closed.LARGE, Closed.FEWER));
    goal(
        "no index, 100-event bodies, 64 clients",
        "0.95",
        "1.05",
        RATIO,
        ofCopy(0, Closed.LARGE, Closed.FEWER));
  }

  private Median ofCopy(int indexes, int events, int connections) {
    return Median.ofRatios(
        service(indexes, events, connections),
        Round.of(Closed.copy(indexes), closed),
        Round::rowsPerSecond);
  }

  private List<Round> service(int indexes, int events, int connections) {
    return Round.of(Closed.service(indexes, events, connections), closed);
  }

  private void small() {
    goal(
        "4 indexes, one-event bodies, 256 clients: rows/s",
        "",
        "",
        "%.0f",
        Median.of(service(Closed.INDEXES, 1, Closed.MANY), Round::rowsPerSecond));
    goal(
        "the same ÷ the build before (`--peer before=…`)",
        "1.0",
        "1.3",
        RATIO,
        Median.ofRatios(oneEvent(Scenario.SERVICE), oneEvent(Peers.BEFORE), Round::rowsPerSecond));
  }

  private List<Round> oneEvent(String load) {
    return Round.of(Peers.scenario(load, Closed.INDEXES, 1, Closed.MANY), peers);
  }

  private void idle() {
    goal(
        "idle processor time, 4 indexes, 10-event bodies, 256 clients",
        "≤ 10 %",
        "≤ 5 %",
        "%.1f %%",
        idlePercent(Closed.INDEXES));
    goal("the same, no index", "≤ 10 %", "≤ 5 %", "%.1f %%", idlePercent(0));
  }

  private Median idlePercent(int indexes) {
    return Median.of(service(indexes, Closed.EVENTS, Closed.MANY), Round::idlePercent);
  }

  private void latency() {
    List<Round> service = Round.of(Lone.SERVICE, lone);
    List<Round> copy = Round.of(Lone.COPY, lone);
    goal(
        "one client's ack latency ÷ a lone 10-row COPY and commit, p50",
        "≤ 1.5",
        "≤ 1.3",
        RATIO,
        Median.ofRatios(service, copy, r -> r.came().p50()));
    goal(
        "the same client's p99",
        "≤ 2 ms",
        "≤ 1 ms",
        "%.2f ms",
        Median.of(service, r -> r.came().p99() / 1e3));
    goal("the lone COPY's p99", "", "", "%.2f ms", Median.of(copy, r -> r.came().p99() / 1e3));
  }

  private void cost() {
    goal(
        "service's CPU per row, no index, 10-event bodies, 256 clients",
        "≤ 1.9 µs",
        "≤ 1.5 µs",
        "%.2f µs",
        Median.of(service(0, Closed.EVENTS, Closed.MANY), Round::serviceCpuPerMillionRows));
    goal(
        "the same, 100-event bodies, 64 clients",
        "≤ 0.55 µs",
        "≤ 0.45 µs",
        "%.2f µs",
        Median.of(service(0, Closed.LARGE, Closed.FEWER), Round::serviceCpuPerMillionRows));
  }

  private void trickle() {
    List<Round> rounds = Round.of(Open.trickle(), trickle);
    goal(
        "2 000 one-event requests a second: transactions a second",
        "≤ 200",
        "≤ 100",
        "%.0f",
        Median.of(rounds, Round::transactionsPerSecond));
    goal(
        "the same: p99 of ack latency",
        "≤ 25 ms",
        "≤ 15 ms",
        "%.1f ms",
        Median.of(rounds, r -> r.came().p99() / 1e3));
  }

  /** Had there been an error, there would be no result. */
  private void memory() {
    goal(
        "10 000 connections, 2 000 requests in flight, `-Xmx256m`: MB resident at most",
        "no error",
        "< 300",
        "%.0f",
        Median.of(crowd, Round::peakMegabytes));
  }

  private void goal(String what, String atLeast, String aim, String format, Median measured) {
    String range = Figure.range(format, measured);
    table.row(what, atLeast, aim, Figure.of(format, measured.median()), range);
  }
}

package attolytics.bench;

import java.io.IOException;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The table of what is aimed at, and what was measured. */
final class Goals {
  private static final String RATIO = "%.2f";
  private static final String BODY_OF_10 = "DecodeBenchmark.bodyOf10";
  private static final String RING = "RingBenchmark.oneProducer";
  private static final String SCHEMA_ORDER = "SCHEMA";

  private final MarkdownTable table =
      new MarkdownTable("what", "at least", "aim", "measured", "range");
  private final List<Round> closed;
  private final List<Round> lone;
  private final List<Round> open;
  private final List<Round> crowd;
  private final List<Stages.Score> stages;

  Goals(Results results) throws IOException {
    closed = results.rounds(Closed.PART);
    lone = results.rounds(Lone.PART);
    open = results.rounds(Open.PART);
    crowd = results.rounds(Crowd.PART);
    stages = Stages.read(results);
  }

  String toMarkdown() {
    throughput();
    latency();
    stages();
    memory();
    return table.toString();
  }

  private void throughput() {
    int indexes = Closed.INDEXES;
    goal(
        "rows/s ÷ raw COPY binary, 4 indexes, 10-event bodies, 256 connections",
        "0.75",
        "0.90",
        RATIO,
        ofCopy(indexes, Closed.EVENTS));
    goal("the same, no index", "0.40", "0.50", RATIO, ofCopy(0, Closed.EVENTS));
    goal("100-event bodies, 4 indexes", "0.85", "0.95", RATIO, ofCopy(indexes, Closed.LARGE));
    goal("100-event bodies, no index", "0.65", "0.80", RATIO, ofCopy(0, Closed.LARGE));
    goal(
        "rows/s ÷ row-an-INSERT service, 4 indexes, 10-event bodies, 64 connections",
        "5",
        "8",
        "%.1f",
        Median.ofRatios(
            Round.of(Closed.service(indexes, Closed.EVENTS, Closed.FEWER), closed),
            Round.of(Closed.insert(InsertStyle.ROW, indexes), closed),
            Round::rowsPerSecond));
  }

  private Median ofCopy(int indexes, int events) {
    return Median.ofRatios(
        Round.of(Closed.service(indexes, events, Closed.MANY), closed),
        Round.of(Closed.copy(indexes), closed),
        Round::rowsPerSecond);
  }

  private void latency() {
    goal(
        "median ack latency of one sequential client ÷ median of a lone 10-row COPY and commit",
        "2.5",
        "1.8",
        RATIO,
        Median.ofRatios(
            Round.of(Lone.SERVICE, lone), Round.of(Lone.COPY, lone), r -> r.came().p50()));
    goal(
        "open loop at half of capacity: p99 ÷ p50 of ack latency",
        "8",
        "4",
        "%.1f",
        Median.of(Round.of(Open.percent(Open.HALF), open), r -> r.came().p99() / r.came().p50()));
    List<Round> trickle = Round.of(Open.trickle(), open);
    goal(
        "open loop of 2 000 one-event requests a second: transactions a second",
        "≤ 250",
        "≤ 100",
        "%.0f",
        Median.of(trickle, Round::transactionsPerSecond));
    goal(
        "the same: p99 of ack latency, ms",
        "",
        "< 25",
        "%.1f",
        Median.of(trickle, r -> r.came().p99() / 1e3));
  }

  private void stages() {
    double rows = Stages.score(stages, BODY_OF_10, SCHEMA_ORDER);
    double error = Stages.error(stages, BODY_OF_10, SCHEMA_ORDER);
    goal(
        "decode-and-encode, 10-event bodies, M rows/s a thread",
        "3",
        "4",
        RATIO,
        new Median(rows / 1e6, (rows - error) / 1e6, (rows + error) / 1e6));
    double decoded = Stages.allocated(stages, BODY_OF_10, SCHEMA_ORDER);
    double published = Stages.allocated(stages, RING, "") / RingBenchmark.ROWS;
    Median flushed = ofService(Round::writerBytesPerRow);
    goal(
        "allocation in decode, buffer and flush, bytes a row",
        "≤ 16",
        "≤ 2",
        "%.1f",
        plus(flushed, decoded + published));
    goal(
        "allocation per request on the whole path, 10-event bodies, KB",
        "≤ 6",
        "≤ 3",
        "%.1f",
        ofService(round -> round.allocatedBytesPerRequest() / 1e3));
  }

  private static Median plus(Median some, double more) {
    return new Median(some.median() + more, some.min() + more, some.max() + more);
  }

  private Median ofService(ToDoubleFunction<Round> figure) {
    Scenario usual = Closed.service(Closed.INDEXES, Closed.EVENTS, Closed.MANY);
    return Median.of(Round.of(usual, closed), figure);
  }

  /** Had there been an error, there would be no result. */
  private void memory() {
    goal(
        "10 000 open connections, 2 000 requests in flight, `-Xmx256m`: MB resident at most",
        "no error",
        "< 400",
        "no error, %.0f",
        Median.of(crowd, Round::peakMegabytes));
  }

  private void goal(String what, String atLeast, String aim, String format, Median measured) {
    String range = Figure.range(format.replace("no error, ", ""), measured);
    table.row(what, atLeast, aim, Figure.of(format, measured.median()), range);
  }
}

package attolytics.bench.report;

import attolytics.bench.insert.InsertStyle;
import attolytics.bench.part.Closed;
import attolytics.bench.part.Inserts;
import attolytics.bench.part.Peers;
import attolytics.bench.part.Sweep;
import attolytics.bench.result.Median;
import attolytics.bench.result.Results;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

/** The tables of closed loops: medians, a line a scenario. */
final class ClosedTables {
  private final Results results;

  ClosedTables(Results results) {
    this.results = results;
  }

  String closed() throws IOException {
    return besideCopy(results.rounds(Closed.PART), Closed::copy);
  }

  String inserts() throws IOException {
    return besideCopy(results.rounds(Inserts.PART), Inserts::copy);
  }

  private static String besideCopy(List<Round> rounds, IntFunction<Scenario> copy) {
    MarkdownTable table =
        new MarkdownTable(
            "indexes",
            "load",
            "connections",
            "events a body",
            "rows/s",
            "range",
            "of raw COPY",
            "p50, p99 ms");
    for (Scenario scenario : Cells.scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      List<Round> copies = Round.of(copy.apply(scenario.indexes()), rounds);
      Median ratio = Median.ofRatios(own, copies, Round::rowsPerSecond);
      table.row(
          Integer.toString(scenario.indexes()),
          scenario.load(),
          Integer.toString(scenario.connections()),
          Integer.toString(scenario.events()),
          Cells.whole(own, Round::rowsPerSecond),
          Cells.range(own),
          Figure.of("%.2f", ratio.median()),
          Cells.percentiles(own));
    }
    return table.toString();
  }

  /** Of the same rounds, what they cost. */
  String cost() throws IOException {
    List<Round> rounds = new ArrayList<>(results.rounds(Closed.PART));
    for (Round round : results.rounds(Inserts.PART)) {
      if (InsertStyle.isLoad(round.scenario().load())) {
        rounds.add(round);
      }
    }
    MarkdownTable table =
        new MarkdownTable(
            "indexes",
            "load",
            "connections",
            "events a body",
            "CPU s per million rows: service, PostgreSQL, load",
            "idle %",
            "transactions/s",
            "rows a transaction",
            "WAL bytes a row",
            "bytes allocated a request",
            "by writers a row",
            "MB resident at most");
    for (Scenario scenario : Cells.scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      boolean served = !scenario.isCopy();
      table.row(
          Integer.toString(scenario.indexes()),
          scenario.load(),
          Integer.toString(scenario.connections()),
          Integer.toString(scenario.events()),
          String.join(
              ", ",
              served ? Cells.cpu(own, Round::serviceCpuPerMillionRows) : "–",
              Cells.cpu(own, Round::postgresCpuPerMillionRows),
              Cells.cpu(own, Round::loadCpuPerMillionRows)),
          Cells.idle(own),
          Cells.whole(own, Round::transactionsPerSecond),
          Cells.whole(own, Round::rowsPerTransaction),
          Cells.whole(own, Round::walBytesPerRow),
          served ? Cells.whole(own, Round::allocatedBytesPerRequest) : "–",
          served ? Cells.median(own, "%.1f", Round::writerBytesPerRow) : "–",
          served ? Cells.whole(own, Round::peakMegabytes) : "–");
    }
    return table.toString();
  }

  /** Rows a second, and idle time: a line a variant, two columns a load. */
  String sweep() throws IOException {
    List<Round> rounds = results.rounds(Sweep.PART);
    Set<String> loads = new LinkedHashSet<>();
    Set<Scenario> variants = new LinkedHashSet<>();
    for (Scenario scenario : Cells.scenarios(rounds)) {
      loads.add(scenario.load());
      variants.add(scenario.of(""));
    }
    List<String> head = new ArrayList<>(List.of("indexes", "connections", "events a body"));
    for (String load : loads) {
      head.add(load);
      head.add("idle %");
    }
    MarkdownTable table = new MarkdownTable(head.toArray(String[]::new));
    for (Scenario variant : variants) {
      List<String> cells = new ArrayList<>();
      cells.add(Integer.toString(variant.indexes()));
      cells.add(Integer.toString(variant.connections()));
      cells.add(Integer.toString(variant.events()));
      for (String load : loads) {
        List<Round> own = Round.of(variant.of(load), rounds);
        cells.add(Cells.whole(own, Round::rowsPerSecond));
        cells.add(Cells.idle(own));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table.toString();
  }

  /** A line a variant and peer, the service's first. */
  String peers() throws IOException {
    List<Round> rounds = results.rounds(Peers.PART);
    MarkdownTable table =
        new MarkdownTable(
            "indexes",
            "connections",
            "events a body",
            "load",
            "rows/s",
            "service's rows/s ÷ this",
            "range",
            "p50, p99 ms",
            "rows a transaction",
            "idle %");
    for (Scenario scenario : Cells.scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      Median ratio =
          Median.ofRatios(
              Round.of(scenario.of(Scenario.SERVICE), rounds), own, Round::rowsPerSecond);
      table.row(
          Integer.toString(scenario.indexes()),
          Integer.toString(scenario.connections()),
          Integer.toString(scenario.events()),
          scenario.load(),
          Cells.whole(own, Round::rowsPerSecond),
          Figure.of("%.2f", ratio.median()),
          Figure.range("%.2f", ratio),
          Cells.percentiles(own),
          Cells.whole(own, Round::rowsPerTransaction),
          Cells.idle(own));
    }
    return table.toString();
  }
}

package attolytics.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** The other tables: medians, a line a scenario. */
final class Tables {
  private final Results results;

  Tables(Results results) {
    this.results = results;
  }

  String closed() throws IOException {
    List<Round> rounds = results.rounds(Closed.PART);
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
    for (Scenario scenario : scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      Median rate = Median.of(own, Round::rowsPerSecond);
      List<Round> copies = Round.of(Closed.copy(scenario.indexes()), rounds);
      Median ratio = Median.ofRatios(own, copies, Round::rowsPerSecond);
      table.row(
          Integer.toString(scenario.indexes()),
          scenario.load(),
          Integer.toString(scenario.connections()),
          Integer.toString(scenario.events()),
          Figure.whole(rate.median()),
          Figure.whole(rate.min()) + " – " + Figure.whole(rate.max()),
          Figure.of("%.2f", ratio.median()),
          millis(own, r -> r.came().p50()) + ", " + millis(own, r -> r.came().p99()));
    }
    return table.toString();
  }

  /** Of the same rounds, what they cost. */
  String cost() throws IOException {
    List<Round> rounds = results.rounds(Closed.PART);
    MarkdownTable table =
        new MarkdownTable(
            "indexes",
            "load",
            "connections",
            "events a body",
            "CPU s per million rows: service, PostgreSQL, load",
            "transactions/s",
            "rows a transaction",
            "WAL bytes a row",
            "bytes allocated a request",
            "by writers a row",
            "MB resident at most");
    for (Scenario scenario : scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      boolean served = !scenario.isCopy();
      table.row(
          Integer.toString(scenario.indexes()),
          scenario.load(),
          Integer.toString(scenario.connections()),
          Integer.toString(scenario.events()),
          String.join(
              ", ",
              served ? cpu(own, Round::serviceCpuPerMillionRows) : "–",
              cpu(own, Round::postgresCpuPerMillionRows),
              cpu(own, Round::loadCpuPerMillionRows)),
          whole(own, Round::transactionsPerSecond),
          whole(own, Round::rowsPerTransaction),
          whole(own, Round::walBytesPerRow),
          served ? whole(own, Round::allocatedBytesPerRequest) : "–",
          served ? median(own, "%.1f", Round::writerBytesPerRow) : "–",
          served ? whole(own, Round::peakMegabytes) : "–");
    }
    return table.toString();
  }

  /** Rows a second: a line a variant, a column a load. */
  String sweep() throws IOException {
    List<Round> rounds = results.rounds(Closed.SWEEP);
    Set<String> loads = new LinkedHashSet<>();
    Set<Scenario> variants = new LinkedHashSet<>();
    for (Scenario scenario : scenarios(rounds)) {
      loads.add(scenario.load());
      if (scenario.load().equals(Scenario.SERVICE)) {
        variants.add(scenario);
      }
    }
    loads.remove(Scenario.COPY);
    List<String> head = new ArrayList<>(List.of("indexes", "connections", "events a body"));
    head.addAll(loads);
    MarkdownTable table = new MarkdownTable(head.toArray(String[]::new));
    for (Scenario variant : variants) {
      List<String> cells = new ArrayList<>();
      cells.add(Integer.toString(variant.indexes()));
      cells.add(Integer.toString(variant.connections()));
      cells.add(Integer.toString(variant.events()));
      for (String load : loads) {
        cells.add(whole(Round.of(variant.of(load), rounds), Round::rowsPerSecond));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table.toString();
  }

  String open() throws IOException {
    MarkdownTable table =
        new MarkdownTable(
            "load", "rate", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "transactions/s");
    List<Round> rounds = new ArrayList<>(results.rounds(Lone.PART));
    rounds.addAll(results.rounds(Open.PART));
    for (Scenario scenario : scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      String rate =
          scenario.variable().isEmpty()
              ? scenario.connections() + " in a closed loop"
              : (long) scenario.value() + " " + scenario.variable();
      table.row(
          scenario.load() + ", " + scenario.events() + " rows",
          rate,
          whole(own, Round::requestsPerSecond),
          millis(own, r -> r.came().p50()),
          millis(own, r -> r.came().p99()),
          millis(own, r -> r.came().p999()),
          whole(own, Round::transactionsPerSecond));
    }
    return table.toString();
  }

  String growth() throws IOException {
    List<Round> rounds = results.rounds(Growth.PART);
    MarkdownTable table =
        new MarkdownTable(
            "what",
            "",
            "rows/s",
            "range",
            "CPU s per million rows: service, PostgreSQL",
            "rows a transaction",
            "MB resident at most");
    for (Scenario scenario : scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      Median rate = Median.of(own, Round::rowsPerSecond);
      table.row(
          scenario.variable(),
          Figure.whole(scenario.value()),
          Figure.whole(rate.median()),
          Figure.whole(rate.min()) + " – " + Figure.whole(rate.max()),
          cpu(own, Round::serviceCpuPerMillionRows)
              + ", "
              + cpu(own, Round::postgresCpuPerMillionRows),
          whole(own, Round::rowsPerTransaction),
          whole(own, Round::peakMegabytes));
    }
    return table.toString();
  }

  String repeats() throws IOException {
    List<Round> rounds = results.rounds(Repeats.PART);
    MarkdownTable table =
        new MarkdownTable(
            "table",
            "% of rows that repeat",
            "rows/s stored",
            "range",
            "of the unique index",
            "range",
            "p50, p99 ms");
    List<Round> plain = Round.of(Repeats.UNIQUE_INDEX, rounds);
    for (Scenario scenario : scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      Median rate = Median.of(own, Round::rowsPerSecond);
      Median ratio = Median.ofRatios(own, plain, Round::rowsPerSecond);
      table.row(
          scenario.load(),
          Figure.whole(scenario.value()),
          Figure.whole(rate.median()),
          Figure.whole(rate.min()) + " – " + Figure.whole(rate.max()),
          Figure.of("%.2f", ratio.median()),
          Figure.range("%.2f", ratio),
          millis(own, r -> r.came().p50()) + ", " + millis(own, r -> r.came().p99()));
    }
    return table.toString();
  }

  String lenient() throws IOException {
    List<Round> rounds = results.rounds(InvalidEvents.PART);
    MarkdownTable table =
        new MarkdownTable(
            "handling",
            "events a body",
            "% of events that are invalid",
            "rows/s",
            "range",
            "of lenient without",
            "range",
            "CPU s per million rows: service, PostgreSQL");
    for (Scenario scenario : scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      Median rate = Median.of(own, Round::rowsPerSecond);
      Scenario without = InvalidEvents.scenario(InvalidEvents.LENIENT, scenario.events(), 0);
      Median ratio = Median.ofRatios(own, Round.of(without, rounds), Round::rowsPerSecond);
      table.row(
          scenario.load(),
          Integer.toString(scenario.events()),
          Figure.whole(scenario.value()),
          Figure.whole(rate.median()),
          Figure.whole(rate.min()) + " – " + Figure.whole(rate.max()),
          Figure.of("%.2f", ratio.median()),
          Figure.range("%.2f", ratio),
          cpu(own, Round::serviceCpuPerMillionRows)
              + ", "
              + cpu(own, Round::postgresCpuPerMillionRows));
    }
    return table.toString();
  }

  String stages() throws IOException {
    List<Stages.Score> scores = Stages.read(results);
    MarkdownTable table =
        new MarkdownTable("benchmark", "", "operations/s", "±", "bytes allocated an operation");
    for (Stages.Score score : scores) {
      if (score.isOperations()) {
        table.row(
            score.benchmark(),
            score.parameter(),
            Figure.whole(score.score()),
            Figure.whole(score.error()),
            Figure.of("%.1f", Stages.allocated(scores, score.stage(), score.parameter())));
      }
    }
    return table.toString();
  }

  private static Set<Scenario> scenarios(List<Round> rounds) {
    Set<Scenario> scenarios = new LinkedHashSet<>();
    rounds.forEach(round -> scenarios.add(round.scenario()));
    return scenarios;
  }

  private static String median(List<Round> own, String format, ToDoubleFunction<Round> figure) {
    return Figure.of(format, Median.of(own, figure).median());
  }

  private static String whole(List<Round> own, ToDoubleFunction<Round> figure) {
    return Figure.whole(Median.of(own, figure).median());
  }

  private static String cpu(List<Round> own, ToDoubleFunction<Round> figure) {
    return median(own, "%.2f", figure);
  }

  private static String millis(List<Round> own, ToDoubleFunction<Round> micros) {
    return Figure.of("%.2f", Median.of(own, micros).median() / 1e3);
  }
}

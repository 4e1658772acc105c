package attolytics.bench.report;

import attolytics.bench.part.Growth;
import attolytics.bench.part.InvalidEvents;
import attolytics.bench.part.Lone;
import attolytics.bench.part.Open;
import attolytics.bench.part.Repeats;
import attolytics.bench.part.Stages;
import attolytics.bench.result.Median;
import attolytics.bench.result.Results;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The other tables: medians, a line a scenario. */
final class Tables {
  private final Results results;

  Tables(Results results) {
    this.results = results;
  }

  String open() throws IOException {
    MarkdownTable table =
        new MarkdownTable(
            "load", "rate", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "transactions/s");
    List<Round> rounds = new ArrayList<>(results.rounds(Lone.PART));
    rounds.addAll(results.rounds(Open.TRICKLE_PART));
    rounds.addAll(results.rounds(Open.PART));
    for (Scenario scenario : Cells.scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      String rate =
          scenario.variable().isEmpty()
              ? scenario.connections() + " in a closed loop"
              : (long) scenario.value() + " " + scenario.variable();
      table.row(
          scenario.load() + ", " + scenario.events() + " rows",
          rate,
          Cells.whole(own, Round::requestsPerSecond),
          Cells.millis(own, r -> r.came().p50()),
          Cells.millis(own, r -> r.came().p99()),
          Cells.millis(own, r -> r.came().p999()),
          Cells.whole(own, Round::transactionsPerSecond));
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
            "idle %",
            "rows a transaction",
            "MB resident at most");
    for (Scenario scenario : Cells.scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      table.row(
          scenario.variable(),
          Figure.whole(scenario.value()),
          Cells.whole(own, Round::rowsPerSecond),
          Cells.range(own),
          Cells.cpu(own, Round::serviceCpuPerMillionRows)
              + ", "
              + Cells.cpu(own, Round::postgresCpuPerMillionRows),
          Cells.idle(own),
          Cells.whole(own, Round::rowsPerTransaction),
          Cells.whole(own, Round::peakMegabytes));
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
    for (Scenario scenario : Cells.scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      Median ratio = Median.ofRatios(own, plain, Round::rowsPerSecond);
      table.row(
          scenario.load(),
          Figure.whole(scenario.value()),
          Cells.whole(own, Round::rowsPerSecond),
          Cells.range(own),
          Figure.of("%.2f", ratio.median()),
          Figure.range("%.2f", ratio),
          Cells.percentiles(own));
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
    for (Scenario scenario : Cells.scenarios(rounds)) {
      List<Round> own = Round.of(scenario, rounds);
      Scenario without = InvalidEvents.scenario(InvalidEvents.LENIENT, scenario.events(), 0);
      Median ratio = Median.ofRatios(own, Round.of(without, rounds), Round::rowsPerSecond);
      table.row(
          scenario.load(),
          Integer.toString(scenario.events()),
          Figure.whole(scenario.value()),
          Cells.whole(own, Round::rowsPerSecond),
          Cells.range(own),
          Figure.of("%.2f", ratio.median()),
          Figure.range("%.2f", ratio),
          Cells.cpu(own, Round::serviceCpuPerMillionRows)
              + ", "
              + Cells.cpu(own, Round::postgresCpuPerMillionRows));
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
}

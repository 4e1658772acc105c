package attolytics.bench.report;

import attolytics.bench.result.Median;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** Cells of tables: medians over the rounds of a scenario. */
final class Cells {
  private Cells() {}

  static Set<Scenario> scenarios(List<Round> rounds) {
    Set<Scenario> scenarios = new LinkedHashSet<>();
    rounds.forEach(round -> scenarios.add(round.scenario()));
    return scenarios;
  }

  static String median(List<Round> own, String format, ToDoubleFunction<Round> figure) {
    return Figure.of(format, Median.of(own, figure).median());
  }

  static String whole(List<Round> own, ToDoubleFunction<Round> figure) {
    return Figure.whole(Median.of(own, figure).median());
  }

  static String range(List<Round> own) {
    Median rate = Median.of(own, Round::rowsPerSecond);
    return Figure.whole(rate.min()) + " – " + Figure.whole(rate.max());
  }

  static String percentiles(List<Round> own) {
    return millis(own, r -> r.came().p50()) + ", " + millis(own, r -> r.came().p99());
  }

  static String idle(List<Round> own) {
    return whole(own, Round::idlePercent);
  }

  static String cpu(List<Round> own, ToDoubleFunction<Round> figure) {
    return median(own, "%.2f", figure);
  }

  static String millis(List<Round> own, ToDoubleFunction<Round> micros) {
    return Figure.of("%.2f", Median.of(own, micros).median() / 1e3);
  }
}

package attolytics.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The table of an end-to-end run: a line a load, with medians over its rounds. */
final class Report {
  /** A round of the service, and the raw COPY that followed it. */
  private record Pair(Round service, Round copy) {
    double ratio() {
      return service.sent().rowsPerSecond() / copy.sent().rowsPerSecond();
    }
  }

  private static final String HEAD = "%-7s  %-24s  %9s %19s  %5s %11s  %27s  %6s %8s %6s%n";
  private static final String LINE = "%-7s  %-24s  %9s %19s  %5s %11s  %8s %9s %8s  %6s %8s %6s%n";

  private final Map<String, List<Pair>> pairs = new LinkedHashMap<>();

  void add(Round service, Round copy) {
    pairs
        .computeIfAbsent(service.indexes() + service.load(), key -> new ArrayList<>())
        .add(new Pair(service, copy));
  }

  @Override
  public String toString() {
    StringBuilder table = new StringBuilder();
    append(table, HEAD, "", "", "", "", "A/B", "", "CPU s per million rows", "", "rows per", "WAL");
    append(
        table,
        LINE,
        "indexes",
        "load",
        "rows/s",
        "min - max",
        "",
        "min - max",
        "service",
        "postgres",
        "load",
        "tx/s",
        "tx",
        "B/row");
    for (int indexes : pairs.values().stream().mapToInt(Report::indexes).distinct().toArray()) {
      List<Round> copies = new ArrayList<>();
      for (List<Pair> each : pairs.values()) {
        if (indexes(each) == indexes) {
          line(table, each.stream().map(Pair::service).toList(), each);
          each.forEach(pair -> copies.add(pair.copy));
        }
      }
      line(table, copies, List.of());
    }
    return table.toString();
  }

  private static int indexes(List<Pair> each) {
    return each.get(0).copy.indexes();
  }

  private static void line(StringBuilder table, List<Round> rounds, List<Pair> ratios) {
    double[] rates = sorted(rounds, round -> round.sent().rowsPerSecond());
    double[] ratio = sorted(ratios, Pair::ratio);
    append(
        table,
        LINE,
        Integer.toString(rounds.get(0).indexes()),
        rounds.get(0).load(),
        number("%,.0f", median(rates)),
        number("%,.0f", rates[0]) + " - " + number("%,.0f", rates[rates.length - 1]),
        ratios.isEmpty() ? "" : number("%.2f", median(ratio)),
        ratios.isEmpty()
            ? ""
            : number("%.2f", ratio[0]) + " - " + number("%.2f", ratio[ratio.length - 1]),
        cost(rounds, Round::serviceCpu),
        cost(rounds, Round::postgresCpu),
        cost(rounds, Round::loadCpu),
        number("%.0f", median(sorted(rounds, Round::transactionsPerSecond))),
        number(
            "%.0f",
            median(sorted(rounds, r -> (double) r.sent().rows() / Math.max(1, r.transactions())))),
        number("%.0f", median(sorted(rounds, r -> (double) r.walBytes() / r.sent().rows()))));
  }

  private static String cost(List<Round> rounds, ToDoubleFunction<Round> seconds) {
    double[] costs = sorted(rounds, r -> r.perMillionRows(seconds.applyAsDouble(r)));
    return number("%.2f", median(costs));
  }

  private static <T> double[] sorted(List<T> values, ToDoubleFunction<T> figure) {
    double[] figures = values.stream().mapToDouble(figure).toArray();
    Arrays.sort(figures);
    return figures;
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static String number(String format, double number) {
    return String.format(Locale.ROOT, format, number);
  }

  private static void append(StringBuilder table, String format, Object... fields) {
    table.append(String.format(Locale.ROOT, format, fields).replaceAll(" +(?=\\R)", ""));
  }
}

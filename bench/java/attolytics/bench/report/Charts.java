package attolytics.bench.report;

import attolytics.bench.insert.InsertStyle;
import attolytics.bench.part.Closed;
import attolytics.bench.part.Growth;
import attolytics.bench.part.Inserts;
import attolytics.bench.part.Open;
import attolytics.bench.part.Stages;
import attolytics.bench.part.Sweep;
import attolytics.bench.result.Median;
import attolytics.bench.result.Results;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;

/** The results as pictures beside them, each as SVG and PNG; none of what was not measured. */
final class Charts {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 450;
  private static final int LABEL_ANGLE = 25;
  private static final double MIN_MILLIS = 0.1;
  private static final double MAX_MILLIS = 1000;
  private static final String ROWS_PER_SECOND = "rows/s";
  private static final String CPU = "CPU s per million rows";

  private final Results results;

  Charts(Results results) {
    this.results = results;
  }

  void draw() throws IOException {
    closed();
    List<Round> sweep = results.rounds(Sweep.PART);
    sweep("connections", sweep, s -> s.events() == Closed.EVENTS, Scenario::connections);
    sweep("bodies", sweep, s -> s.connections() == Closed.FEWER, Scenario::events);
    open();
    for (Growth.Dimension dimension : Growth.Dimension.values()) {
      growth(dimension);
    }
    types();
  }

  /** Parts of raw COPY, which do not drift with the machine's speed. */
  private void closed() throws IOException {
    CategoryChart chart = bars("Rows per second, raw COPY = 1", "", "");
    chart.getStyler().setXAxisLabelRotation(LABEL_ANGLE);
    for (int indexes : new int[] {Closed.INDEXES, 0}) {
      Map<String, Double> parts = new LinkedHashMap<>();
      List<Round> closed = results.rounds(Closed.PART);
      List<Round> inserts = results.rounds(Inserts.PART);
      besideCopy(closed, Closed.copy(indexes), name -> true, parts);
      besideCopy(inserts, Inserts.copy(indexes), InsertStyle::isLoad, parts);
      if (!parts.isEmpty()) {
        chart.addSeries(
            indexes == 0 ? "no index" : indexes + " indexes",
            List.copyOf(parts.keySet()),
            List.copyOf(parts.values()));
      }
    }
    save(chart, "closed");
  }

  private static void besideCopy(
      List<Round> rounds, Scenario copy, Predicate<String> loads, Map<String, Double> parts) {
    for (Scenario scenario : rounds.stream().map(Round::scenario).distinct().toList()) {
      if (scenario.indexes() == copy.indexes()
          && loads.test(scenario.load())
          && !scenario.equals(copy)) {
        Median ratio =
            Median.ofRatios(
                Round.of(scenario, rounds), Round.of(copy, rounds), Round::rowsPerSecond);
        parts.put(name(scenario), ratio.median());
      }
    }
  }

  private static String name(Scenario scenario) {
    return scenario.load().equals(Scenario.SERVICE)
        ? "%s, %d × %d".formatted(scenario.load(), scenario.connections(), scenario.events())
        : scenario.load();
  }

  /** Rows a second with 4 indexes: a line a load. */
  private void sweep(
      String name, List<Round> rounds, Predicate<Scenario> belongs, ToDoubleFunction<Scenario> x)
      throws IOException {
    XYChart chart = lines("Rows a second, 4 indexes", name, ROWS_PER_SECOND);
    chart.getStyler().setXAxisLogarithmic(true);
    Set<String> loads = new LinkedHashSet<>();
    rounds.forEach(round -> loads.add(round.scenario().load()));
    for (String load : loads) {
      List<Round> own =
          rounds.stream()
              .filter(r -> r.scenario().load().equals(load))
              .filter(r -> r.scenario().indexes() == Closed.INDEXES)
              .filter(r -> belongs.test(r.scenario()))
              .toList();
      line(chart, load, own, x, Round::rowsPerSecond);
    }
    save(chart, name);
  }

  private void open() throws IOException {
    List<Round> rounds =
        results.rounds(Open.PART).stream()
            .filter(r -> r.scenario().variable().equals(Open.PERCENT))
            .toList();
    XYChart chart = lines("Ack latency at a fixed rate, 4 indexes", Open.PERCENT, "ms");
    chart.getStyler().setYAxisLogarithmic(true).setYAxisMin(MIN_MILLIS).setYAxisMax(MAX_MILLIS);
    line(chart, "p50", rounds, Scenario::value, r -> r.came().p50() / 1e3);
    line(chart, "p99", rounds, Scenario::value, r -> r.came().p99() / 1e3);
    line(chart, "p99.9", rounds, Scenario::value, r -> r.came().p999() / 1e3);
    save(chart, "open");
  }

  private void growth(Growth.Dimension dimension) throws IOException {
    List<Round> rounds =
        results.rounds(Growth.PART).stream()
            .filter(r -> r.scenario().variable().equals(dimension.label()))
            .toList();
    CategoryChart chart = bars("Cost by " + dimension.label(), dimension.label(), CPU);
    chart.getStyler().setStacked(true);
    bars(chart, "service", rounds, Round::serviceCpuPerMillionRows);
    bars(chart, "PostgreSQL", rounds, Round::postgresCpuPerMillionRows);
    bars(chart, "load", rounds, Round::loadCpuPerMillionRows);
    save(chart, "growth-" + dimension.name().toLowerCase(Locale.ROOT));
  }

  private void types() throws IOException {
    CategoryChart chart = bars("Decode-and-encode of a value, one thread", "", "million/s");
    chart.getStyler().setLegendVisible(false);
    chart.getStyler().setXAxisLabelRotation(LABEL_ANGLE);
    List<String> types = new ArrayList<>();
    List<Double> millions = new ArrayList<>();
    for (Stages.Score score : Stages.read(results)) {
      if (score.benchmark().equals("TypeBenchmark.decodeAndEncode")) {
        types.add(score.parameter());
        millions.add(score.score() / 1e6);
      }
    }
    if (!types.isEmpty()) {
      chart.addSeries("values", types, millions);
    }
    save(chart, "types");
  }

  private static void line(
      XYChart chart,
      String name,
      List<Round> rounds,
      ToDoubleFunction<Scenario> x,
      ToDoubleFunction<Round> y) {
    double[] xs =
        rounds.stream()
            .mapToDouble(r -> x.applyAsDouble(r.scenario()))
            .distinct()
            .sorted()
            .toArray();
    double[] ys = new double[xs.length];
    for (int i = 0; i < xs.length; i++) {
      double at = xs[i];
      ys[i] =
          Median.of(rounds.stream().filter(r -> x.applyAsDouble(r.scenario()) == at).toList(), y)
              .median();
    }
    if (xs.length > 0) {
      chart.addSeries(name, xs, ys);
    }
  }

  private static void bars(
      CategoryChart chart, String name, List<Round> rounds, ToDoubleFunction<Round> y) {
    List<String> xs = new ArrayList<>();
    List<Double> ys = new ArrayList<>();
    for (double value :
        rounds.stream().mapToDouble(r -> r.scenario().value()).distinct().toArray()) {
      xs.add(Figure.whole(value));
      ys.add(
          Median.of(rounds.stream().filter(r -> r.scenario().value() == value).toList(), y)
              .median());
    }
    if (!xs.isEmpty()) {
      chart.addSeries(name, xs, ys);
    }
  }

  private static CategoryChart bars(String title, String x, String y) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    dress(chart.getStyler());
    return chart;
  }

  private static XYChart lines(String title, String x, String y) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    dress(chart.getStyler());
    return chart;
  }

  private static void dress(AxesChartStyler style) {
    style.setChartBackgroundColor(Color.WHITE);
    style.setLegendPosition(LegendPosition.OutsideE);
    style.setLegendBorderColor(Color.WHITE);
    style.setDecimalPattern("#,##0.##");
  }

  private void save(Chart<?, ?> chart, String name) throws IOException {
    if (!chart.getSeriesCollection().isEmpty()) {
      Path file = results.directory().resolve(name);
      ChartEncoder.saveChart(chart, file + ".svg", "svg");
      ChartEncoder.saveChart(chart, file + ".png", "png");
    }
  }
}

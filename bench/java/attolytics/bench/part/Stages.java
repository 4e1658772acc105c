package attolytics.bench.part;

import attolytics.bench.result.Results;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** The stages one by one, by JMH, with what they allocate. */
public final class Stages {
  private static final String FILE = "stages.csv";
  private static final String TAKEN = ":taken";
  private static final String ALLOCATED = ":gc.alloc.rate.norm";

  /**
   * A line of JMH's.
   *
   * @param benchmark class and method, and behind a colon what else was measured, if it was
   * @param parameter that the benchmark was run with, or empty
   */
  public record Score(String benchmark, String parameter, double score, double error) {
    /** The benchmark without what else was measured. */
    public String stage() {
      return benchmark.replaceFirst(":.*", "");
    }

    /** Whether these are whole operations of the stage: in a ring, what one end takes. */
    public boolean isOperations() {
      return benchmark.equals(stage() + (benchmark.startsWith("Ring") ? TAKEN : ""));
    }
  }

  private Stages() {}

  public static void run(Results results, Plan plan) throws IOException, RunnerException {
    Files.createDirectories(results.directory());
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("attolytics.*Benchmark")
            .shouldFailOnError(true)
            .addProfiler(GCProfiler.class)
            .resultFormat(ResultFormatType.CSV)
            .result(results.directory().resolve(FILE).toString());
    if (plan.smoke()) {
      TimeValue moment = TimeValue.milliseconds(50);
      options
          .forks(0)
          .param("order", "SCHEMA")
          .param("type", "STRING")
          .warmupIterations(1)
          .warmupTime(moment)
          .measurementIterations(1)
          .measurementTime(moment);
    }
    new Runner(options.build()).run();
  }

  public static List<Score> read(Results results) throws IOException {
    Path file = results.directory().resolve(FILE);
    if (!Files.exists(file)) {
      return List.of();
    }
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    return lines.stream().skip(1).map(Stages::score).toList();
  }

  /** The score of that benchmark, or not a number. */
  static double score(List<Score> scores, String benchmark, String parameter) {
    return find(scores, benchmark, parameter, Score::score);
  }

  /** How far off that may be, or not a number. */
  static double error(List<Score> scores, String benchmark, String parameter) {
    return find(scores, benchmark, parameter, Score::error);
  }

  private static double find(
      List<Score> scores, String benchmark, String parameter, ToDoubleFunction<Score> figure) {
    return scores.stream()
        .filter(s -> s.benchmark.equals(benchmark) && s.parameter.equals(parameter))
        .mapToDouble(figure)
        .findFirst()
        .orElse(Double.NaN);
  }

  /** Bytes that an operation of that benchmark allocates, or not a number. */
  public static double allocated(List<Score> scores, String benchmark, String parameter) {
    return score(scores, benchmark + ALLOCATED, parameter);
  }

  /** Benchmark, mode, threads, samples, score, error, unit, and the parameters. */
  private static Score score(String line) {
    String[] fields = line.replace("\"", "").split(",", -1);
    String name = fields[0].replaceFirst("^[a-z.]*", ""); // without the package
    String parameter = String.join("", Arrays.asList(fields).subList(7, fields.length));
    return new Score(name, parameter, number(fields[4]), number(fields[5]));
  }

  private static double number(String text) {
    return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
  }
}

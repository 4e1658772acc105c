package attolytics.bench.result;

/**
 * What is measured. It distinguishes its rounds from others.
 *
 * @param part of the benchmark that it belongs to; its results are kept in a file of that name
 * @param load for people, as in charts
 * @param indexes of the table
 * @param events a body, or rows a transaction where there are no bodies
 * @param connections of the clients
 * @param variable what else is varied, or empty
 * @param value that it has
 */
public record Scenario(
    String part,
    String load,
    int indexes,
    int events,
    int connections,
    String variable,
    double value) {
  public static final String SERVICE = "service";
  public static final String COPY = "raw COPY";
  public static final String SMALL_COPY = "small raw COPY";

  public Scenario(String part, String load, int indexes, int events, int connections) {
    this(part, load, indexes, events, connections, "", 0);
  }

  public Scenario with(String name, double is) {
    return new Scenario(part, load, indexes, events, connections, name, is);
  }

  /** Whether it is one of rows that are there already, without HTTP. */
  public boolean isCopy() {
    return load.endsWith(COPY);
  }

  /** The same by another load. */
  public Scenario of(String other) {
    return new Scenario(part, other, indexes, events, connections, variable, value);
  }

  @Override
  public String toString() {
    String other = variable.isEmpty() ? "" : ", " + variable + " " + (long) value;
    return "%s: %d indexes, %d events, %d connections%s"
        .formatted(load, indexes, events, connections, other);
  }
}

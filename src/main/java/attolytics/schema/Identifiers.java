package attolytics.schema;

/** Names in SQL. */
public final class Identifiers {
  private Identifiers() {}

  /** The name in double quotes, so that it stands for itself whatever it contains. */
  public static String quote(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}

package attolytics.database;

/** Quotes names of tables and columns for SQL. */
public final class Identifiers {
  private Identifiers() {}

  /** The name in double quotes, which preserves capitals, spaces and reserved words. */
  public static String quote(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}

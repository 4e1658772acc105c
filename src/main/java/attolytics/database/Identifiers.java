package attolytics.database;

/** Names of tables and columns in SQL. */
public final class Identifiers {
  private Identifiers() {}

  /** The name in double quotes, so that capitals, spaces and reserved words stand as they are. */
  public static String quote(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}

package attolytics.database;

import attolytics.schema.Table;

/** Quotes names of schemas, tables and columns for SQL. */
public final class Identifiers {
  private Identifiers() {}

  /** The name in double quotes, which preserves capitals, spaces and reserved words. */
  public static String quote(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** The table's name, with its schema if the schema file gives one. */
  public static String quote(Table table) {
    return prefix(table) + quote(table.name());
  }

  /** The schema of the table with a dot, or nothing if the schema file gives none. */
  public static String prefix(Table table) {
    return table.schema() == null ? "" : quote(table.schema()) + ".";
  }
}

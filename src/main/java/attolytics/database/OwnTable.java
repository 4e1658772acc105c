package attolytics.database;

import attolytics.database.ExistingTable.ExistingColumn;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A table of the service itself. Its name begins with {@code attolytics_}, which the name of no
 * table of a schema file does.
 *
 * @param columns the columns it must have, and their types as {@code regtype} prints them
 * @param creation the statements that create it
 * @param added the columns that a table of an older version lacks; they are nullable
 */
public record OwnTable(
    String name, Map<String, String> columns, List<String> creation, List<String> added) {
  /** A table whose columns have not changed since the first version. */
  public OwnTable(String name, Map<String, String> columns, List<String> creation) {
    this(name, columns, creation, List.of());
  }

  /** The statements that upgrade a table of an older version. */
  public List<String> upgrade(ExistingTable existing) {
    return columns.entrySet().stream()
        .filter(column -> isTable(existing) && isAdded(column.getKey(), existing))
        .map(
            column ->
                "ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s %s"
                    .formatted(name, column.getKey(), column.getValue().toUpperCase(Locale.ROOT)))
        .toList();
  }

  /** Why the user cannot upgrade it. */
  public List<String> whyNotUpgrade(ExistingTable existing) {
    return existing.owned()
        ? List.of()
        : upgrade(existing).stream()
            .map(
                statement ->
                    "table %s is of an older version, and the user %s does not own it; let its owner run: %s"
                        .formatted(Identifiers.quote(name), existing.user(), statement))
            .toList();
  }

  /** Why an existing table cannot be used: another user or version has created it. */
  public List<String> problems(ExistingTable existing) {
    String quoted = Identifiers.quote(name);
    if (!isTable(existing)) {
      return List.of(ExistingTable.nameTaken(quoted, existing.sqlKind()));
    }
    Stream<String> unfit =
        columns.entrySet().stream()
            .filter(column -> !isAdded(column.getKey(), existing))
            .filter(column -> !fits(existing.columns().get(column.getKey()), column.getValue()))
            .map(
                column ->
                    "table %s, column %s is missing or not of type %s, but the service requires that;"
                            .formatted(
                                quoted, Identifiers.quote(column.getKey()), column.getValue())
                        + " ALTER TABLE %s RENAME TO …, and a new one is created"
                            .formatted(quoted));
    Stream<String> refused =
        existing.fullAccess()
            ? Stream.of()
            : Stream.of(
                "table %s: the user %s lacks a privilege; GRANT SELECT, INSERT, UPDATE, DELETE ON %s"
                        .formatted(quoted, existing.user(), quoted)
                    + " TO "
                    + existing.user());
    return Stream.concat(unfit, refused).toList();
  }

  private static boolean isTable(ExistingTable existing) {
    return "rp".contains(existing.kind());
  }

  /** Whether the upgrade adds it. */
  private boolean isAdded(String column, ExistingTable existing) {
    return added.contains(column) && !existing.columns().containsKey(column);
  }

  private static boolean fits(@Nullable ExistingColumn found, String type) {
    return found != null && found.type().equals(type);
  }
}

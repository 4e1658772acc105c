package attolytics.database;

import attolytics.database.ExistingTable.ExistingColumn;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A table that the service needs for itself. Its name begins with {@code attolytics_}, which no
 * table of a schema file's does.
 *
 * @param columns those it has to have, and their types as {@code regtype} prints them
 * @param creation the statements that create it
 */
public record OwnTable(String name, Map<String, String> columns, List<String> creation) {
  /** What is wrong with one that exists: by another hand, or of another version. */
  public List<String> problems(ExistingTable existing) {
    String quoted = Identifiers.quote(name);
    if (!"rp".contains(existing.kind())) {
      return List.of(ExistingTable.nameTaken(quoted, existing.sqlKind()));
    }
    Stream<String> unfit =
        columns.entrySet().stream()
            .filter(column -> !fits(existing.columns().get(column.getKey()), column.getValue()))
            .map(
                column ->
                    "table %s, column %s is missing or not of type %s, but the service needs it so;"
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

  private static boolean fits(@Nullable ExistingColumn found, String type) {
    return found != null && found.type().equals(type);
  }
}

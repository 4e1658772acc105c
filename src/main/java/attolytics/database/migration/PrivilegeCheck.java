package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.ExistingTable.ExistingColumn;
import attolytics.database.Identifiers;
import attolytics.schema.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Checks whether the service's user may insert into an existing table, and how to permit it. */
final class PrivilegeCheck {
  private PrivilegeCheck() {}

  /** What the user may not do, each with a statement that permits it. */
  static List<String> problems(Table table, ExistingTable existing) {
    List<String> problems = new ArrayList<>();
    String quotedTable = Identifiers.quote(table);
    String user = existing.user();
    String refused =
        existing.columns().values().stream()
            .filter(found -> table.column(found.name()) != null && !found.insertable())
            .map(found -> Identifiers.quote(found.name()))
            .collect(Collectors.joining(", "));
    if (!refused.isEmpty()) {
      problems.add(
          "table %s: the user %s may not insert into column %s; GRANT INSERT ON %s TO %s"
              .formatted(quotedTable, user, refused, quotedTable, user));
    }
    for (ExistingColumn found : existing.columns().values()) {
      String closed = found.closedSequences();
      if (table.column(found.name()) == null && closed != null) {
        String column = Identifiers.quote(found.name());
        problems.add(
            "table %s, column %s takes its default from %s, which the user %s may not use; %s"
                .formatted(
                    quotedTable,
                    column,
                    closed,
                    user,
                    "GRANT USAGE ON SEQUENCE %s TO %s".formatted(closed, user)));
      }
    }
    if (existing.rowSecurity()) {
      problems.add(
          "table %s: row-level security applies to the user %s, and COPY does not work with it; %s"
              .formatted(
                  quotedTable,
                  user,
                  "let the user own the table, or ALTER ROLE " + user + " BYPASSRLS"));
    }
    return problems;
  }
}

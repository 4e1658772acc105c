package attolytics.schema;

import attolytics.schema.ExistingTable.ExistingColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether a COPY of a table's columns would work on what the database has under its name. */
final class TableCheck {
  /** What a COPY can write to: ordinary, partitioned and foreign tables. */
  private static final String TABLE_KINDS = "rpf";

  private final Table table;
  private final ExistingTable existing;
  private final String quotedTable;
  private final List<String> warnings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  TableCheck(Table table, ExistingTable existing) {
    this.table = table;
    this.existing = existing;
    this.quotedTable = Identifiers.quote(table.name());
  }

  List<String> warnings() {
    return warnings;
  }

  List<String> problems() {
    return problems;
  }

  void run() {
    if (!TABLE_KINDS.contains(existing.kind())) {
      problems.add(inThePlaceOf(quotedTable, existing.sqlKind()));
      return;
    }
    for (Column column : table.columns()) {
      ExistingColumn found = existing.columns().get(column.name());
      if (found == null) {
        refuseMissing(column);
      } else {
        checkType(column, found);
        checkWritable(column, found);
        checkIndex(column, found);
      }
    }
    existing.columns().values().forEach(this::checkNotNeeded);
    checkPrivilege();
    existing.columns().values().forEach(this::checkSequences);
    checkRowSecurity();
  }

  /**
   * @param sqlKind what SQL calls that which is there instead
   */
  static String inThePlaceOf(String quotedTable, String sqlKind) {
    String article = sqlKind.startsWith("I") ? "an " : "a ";
    return "in the place of table %s there is %s; drop it, or rename it: ALTER %s %s RENAME TO …"
        .formatted(quotedTable, article + sqlKind.toLowerCase(Locale.ROOT), sqlKind, quotedTable);
  }

  private void refuseMissing(Column column) {
    String definition = Identifiers.quote(column.name()) + " " + column.type().sqlName();
    problem(column.name(), "does not exist", alterTable("ADD COLUMN " + definition));
  }

  private void checkType(Column column, ExistingColumn found) {
    if (column.type().sqlTypes().contains(found.type())) {
      return;
    }
    String wanted = column.type().sqlName();
    String converted = Identifiers.quote(found.name()) + "::" + wanted;
    problem(
        found.name(),
        "is of type %s, but has to be %s (%s)"
            .formatted(found.type(), wanted, column.type().schemaName()),
        typeInSchemaFile(found.type())
            + alterColumn(found, "TYPE " + wanted + " USING " + converted));
  }

  /** The other way to mend a wrong type, if there is one. */
  private static String typeInSchemaFile(String sqlType) {
    return Stream.of(ColumnType.values())
        .filter(type -> type.sqlTypes().contains(sqlType))
        .map(type -> "give it the type " + type.schemaName() + " in the schema file, or ")
        .findFirst()
        .orElse("");
  }

  private void checkWritable(Column column, ExistingColumn found) {
    if (found.generated()) {
      problem(
          found.name(),
          "is generated from other columns, so that no value can be written to it",
          "take it out of the schema file, or " + alterColumn(found, "DROP EXPRESSION"));
    } else if (found.notNull() && !column.required()) {
      problem(
          found.name(),
          "is NOT NULL, but not required by the schema file",
          "add `required: true` there, or " + alterColumn(found, "DROP NOT NULL"));
    }
  }

  private void checkNotNeeded(ExistingColumn found) {
    if (table.column(found.name()) == null && found.notNull() && !found.hasDefault()) {
      problem(
          found.name(),
          "is NOT NULL without a default, and not in the schema file, so that no row could be"
              + " written",
          "add it there as `required`, or " + alterColumn(found, "DROP NOT NULL"));
    }
  }

  private void checkIndex(Column column, ExistingColumn found) {
    if (!column.indexed() || found.indexed() || existing.isForeign()) {
      return;
    }
    // On a table in use it must not stop the writers, but a partitioned one cannot do it otherwise.
    String command = existing.isPartitioned() ? "CREATE INDEX" : "CREATE INDEX CONCURRENTLY";
    warnings.add(
        place(column.name())
            + " is to be indexed, but no index begins with it; "
            + DatabaseTables.createIndex(command, table, column));
  }

  private void checkPrivilege() {
    String refused =
        existing.columns().values().stream()
            .filter(found -> table.column(found.name()) != null && !found.insertable())
            .map(found -> Identifiers.quote(found.name()))
            .collect(Collectors.joining(", "));
    if (!refused.isEmpty()) {
      problems.add(
          "table %s: the user %s may not insert into column %s; GRANT INSERT ON %s TO %s"
              .formatted(quotedTable, existing.user(), refused, quotedTable, existing.user()));
    }
  }

  private void checkSequences(ExistingColumn found) {
    String closed = found.closedSequences();
    if (table.column(found.name()) == null && closed != null) {
      problem(
          found.name(),
          "takes its default from %s, which the user %s may not use"
              .formatted(closed, existing.user()),
          "GRANT USAGE ON SEQUENCE %s TO %s".formatted(closed, existing.user()));
    }
  }

  private void checkRowSecurity() {
    if (existing.rowSecurity()) {
      problems.add(
          "table %s: row-level security applies to the user %s, and COPY does not work with it; %s"
              .formatted(
                  quotedTable,
                  existing.user(),
                  "let the user own the table, or ALTER ROLE " + existing.user() + " BYPASSRLS"));
    }
  }

  private void problem(String column, String what, String mend) {
    problems.add(place(column) + " " + what + "; " + mend);
  }

  private String place(String column) {
    return "table " + quotedTable + ", column " + Identifiers.quote(column);
  }

  private String alterColumn(ExistingColumn column, String action) {
    return alterTable("ALTER COLUMN " + Identifiers.quote(column.name()) + " " + action);
  }

  private String alterTable(String action) {
    return "ALTER TABLE " + quotedTable + " " + action;
  }
}

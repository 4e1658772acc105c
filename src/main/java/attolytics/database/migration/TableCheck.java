package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.ExistingTable.ExistingColumn;
import attolytics.database.Identifiers;
import attolytics.database.Migration.Step;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether a COPY of a table's columns works on the existing relation, and what has to be
 * changed so that it does.
 */
final class TableCheck {
  private static final String REWRITE =
      "rewrites the table: requests for it wait until that is done, and then get 500 until the"
          + " service has reloaded the schema file";

  /** What {@code atttypmod} of a VARCHAR(n) is more than n. */
  private static final int VARCHAR_OVERHEAD = 4;

  /** Of a TIMESTAMPTZ without a precision. */
  private static final int MICROSECOND_DIGITS = 6;

  private final Table table;
  private final ExistingTable existing;
  private final String quotedTable;
  private final List<String> warnings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final List<String> left = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<Step> changes = new ArrayList<>();
  private final List<String> widenings = new ArrayList<>();
  private final List<Column> missingIndexes = new ArrayList<>();

  TableCheck(Table table, ExistingTable existing) {
    this.table = table;
    this.existing = existing;
    this.quotedTable = Identifiers.quote(table);
  }

  List<String> warnings() {
    return warnings;
  }

  List<String> problems() {
    return problems;
  }

  /** The problems that no statement solves without loss of data. */
  List<String> left() {
    return left;
  }

  List<String> notes() {
    return notes;
  }

  /** The steps that solve the others, if they are quick. */
  List<Step> changes() {
    return changes;
  }

  /** The step that solves the rest: a single one, so that the table is rewritten once. */
  List<Step> rewrites() {
    return widenings.isEmpty()
        ? List.of()
        : List.of(Step.of(alterTable(String.join(", ", widenings)), REWRITE));
  }

  /**
   * The steps that create the indexes that the warnings are about.
   *
   * @param leftNow gets why one cannot be created now
   */
  List<Step> indexes(Connection connection, List<String> leftNow) throws SQLException {
    List<Step> steps = new ArrayList<>();
    for (Column column : missingIndexes) {
      steps.addAll(MissingIndex.steps(connection, table, existing, column, leftNow));
    }
    return steps;
  }

  /** Whether a step changes the table, which only its owner can run. */
  boolean changesTable() {
    return !changes.isEmpty() || !widenings.isEmpty() || !missingIndexes.isEmpty();
  }

  void run() {
    if (!existing.isTable()) {
      problem(ExistingTable.nameTaken(quotedTable, existing.sqlKind()));
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
    PrivilegeCheck.problems(table, existing).forEach(this::problem);
  }

  private void refuseMissing(Column column) {
    String definition =
        Identifiers.quote(column.name())
            + " "
            + column.type().sqlName()
            + TableDdl.defaultClause(column);
    // Without NOT NULL: existing rows have no value, nor have those of instances with the old file.
    String note =
        column.required()
            ? "without NOT NULL, because the table may have rows: the service itself ensures that"
                + " new rows have a value"
            : null;
    fixable(column.name(), "does not exist", "", alterTable("ADD COLUMN " + definition), note);
    if (TableDdl.isToBeIndexed(table, column) && !existing.isForeign()) {
      missingIndexes.add(column);
    }
  }

  private void checkType(Column column, ExistingColumn found) {
    if (column.type().sqlTypes().contains(found.type())) {
      checkPrecision(column, found);
      checkLength(column, found);
      return;
    }
    String wanted = column.type().sqlName();
    // Without a length: a cast to VARCHAR(n) cuts, where the change of the type is refused.
    String cast = column.type().maxLength() > 0 ? column.type().scalar().sqlName() : wanted;
    String converted = Identifiers.quote(found.name()) + "::" + cast;
    String text =
        text(
            found.name(),
            "is of type %s, but has to be %s (%s)"
                .formatted(found.type(), wanted, column.type().schemaName()),
            typeInSchemaFile(found.type())
                + (column.equals(table.distributeBy()) ? undistribute() : "")
                + alterColumn(found, "TYPE " + wanted + " USING " + converted)
                + loss(column, found));
    boolean changeable = !existing.isForeign() && !column.equals(table.distributeBy());
    if (column.type().holdsAllOf(found.type()) && changeable) {
      problems.add(text);
      widenings.add("ALTER COLUMN " + Identifiers.quote(found.name()) + " TYPE " + wanted);
    } else {
      problem(text);
    }
  }

  /** A VARCHAR(n) is widened without a rewrite of the table. */
  private void checkLength(Column column, ExistingColumn found) {
    int limit = found.modifier() - VARCHAR_OVERHEAD;
    if (limit > 0 && limit < column.type().maxLength()) {
      String what =
          "is of type VARCHAR(%d), but max_length is %d"
              .formatted(limit, column.type().maxLength());
      String statement = alterColumn(found, "TYPE " + column.type().sqlName());
      if (column.equals(table.distributeBy())) {
        problem(text(found.name(), what, undistribute() + statement));
      } else {
        fixable(found.name(), what, "", statement, null);
      }
    }
  }

  private void checkPrecision(Column column, ExistingColumn found) {
    ScalarType scalar = column.type().scalar();
    boolean isCoarse = found.modifier() >= 0 && found.modifier() < MICROSECOND_DIGITS;
    if (scalar == ScalarType.NUMERIC && found.modifier() >= 0) {
      warnRounded(column, found, "NUMERIC with a precision and scale", "all digits");
    } else if (scalar == ScalarType.TIMESTAMP && isCoarse) {
      String type = "TIMESTAMPTZ with a precision of " + found.modifier();
      warnRounded(column, found, type, "microseconds");
    }
  }

  private void warnRounded(Column column, ExistingColumn found, String type, String kept) {
    boolean mayBeKey =
        existing.isPartitioned()
            || existing.isHypertable()
            || column.equals(table.distributeBy()); // whose type cannot be changed
    warnings.add(
        place(found.name())
            + " is "
            + type
            + ", to which the database rounds"
            + (mayBeKey
                ? ""
                : "; to keep "
                    + kept
                    + ", "
                    + alterColumn(found, "TYPE " + column.type().sqlName())));
  }

  /** What the statement loses. */
  private static String loss(Column column, ExistingColumn found) {
    String loss = CastLoss.of(found.type(), column.type());
    return loss == null ? "" : ", which " + loss;
  }

  /** Citus cannot change the type of the distribution column. */
  private String undistribute() {
    return Distribution.undistribute(quotedTable) + " and ";
  }

  /** The other way to fix a wrong type, if there is one. */
  private static String typeInSchemaFile(String sqlType) {
    return Stream.concat(ColumnType.scalarNames().stream(), ColumnType.arrayNames().stream())
        .map(ColumnType::named)
        .filter(type -> type != null && type.sqlTypes().contains(sqlType))
        .map(type -> "give it the type " + type.schemaName() + " in the schema file, or ")
        .findFirst()
        .orElse("");
  }

  private void checkWritable(Column column, ExistingColumn found) {
    if (found.generated()) {
      problem(
          text(
              found.name(),
              "is generated from other columns, so that no value can be written to it",
              "remove it from the schema file"
                  + (found.virtual() ? "" : ", or " + alterColumn(found, "DROP EXPRESSION"))));
    } else if (found.notNull() && existing.dimensions().contains(found.name())) {
      if (!column.required()) {
        problem(
            text(
                found.name(),
                "is NOT NULL, as TimescaleDB partitions the table by it, but not required by the"
                    + " schema file",
                "add `required: true` there"));
      }
    } else if (found.notNull() && !column.required()) {
      fixable(
          found.name(),
          "is NOT NULL, but not required by the schema file",
          "add `required: true` there, or ",
          alterColumn(found, "DROP NOT NULL"),
          null);
    }
  }

  private void checkNotNeeded(ExistingColumn found) {
    if (table.column(found.name()) != null) {
      return;
    }
    notes.add(place(found.name()) + " is not in the schema file and stays unchanged");
    if (found.notNull() && !found.hasDefault()) {
      fixable(
          found.name(),
          "is NOT NULL without a default, and not in the schema file, so that no row can be"
              + " inserted",
          "add it there as `required`, or ",
          alterColumn(found, "DROP NOT NULL"),
          null);
    }
  }

  private void checkIndex(Column column, ExistingColumn found) {
    if (!TableDdl.isToBeIndexed(table, column) || found.indexed() || existing.isForeign()) {
      return;
    }
    missingIndexes.add(column);
    // CONCURRENTLY does not block writers, but PostgreSQL cannot do it for a partitioned table.
    String command = existing.isPartitioned() ? "CREATE INDEX" : "CREATE INDEX CONCURRENTLY";
    warnings.add(
        place(column.name())
            + " should be indexed, but is not the first column of any index; "
            + (existing.isHypertable()
                ? TableDdl.createIndexByChunk(quotedTable, column)
                : TableDdl.createIndex(command, quotedTable, column)));
  }

  private void problem(String text) {
    problems.add(text);
    left.add(text);
  }

  /**
   * Adds a problem that a statement solves.
   *
   * @param note printed before the statement, or null
   */
  private void fixable(
      String column, String what, String otherwise, String statement, @Nullable String note) {
    String text = text(column, what, otherwise + statement);
    if (existing.isForeign()) {
      problem(text); // the table has to be changed on its own server as well
    } else {
      problems.add(text);
      changes.add(Step.of(statement, note));
    }
  }

  private String text(String column, String what, String fix) {
    return place(column) + " " + what + "; " + fix;
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

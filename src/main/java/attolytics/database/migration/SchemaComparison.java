package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.IdempotencyTable;
import attolytics.database.Identifiers;
import attolytics.database.OwnTable;
import attolytics.database.QuarantineTable;
import attolytics.database.partition.PartitionCheck;
import attolytics.database.partition.PartitionNames;
import attolytics.schema.Partitioning;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Compares the tables of a schema file, and the service's own, with those of the database. */
final class SchemaComparison {
  /** The service's own tables, which do not depend on the schema file. */
  static final List<OwnTable> OWN_TABLES = List.of(IdempotencyTable.TABLE, QuarantineTable.TABLE);

  private final Connection connection;
  private final Schema schema;
  private final Instant now;
  private final Distribution distribution;
  private final PartitionNames names;
  private final Comparison comparison = new Comparison();

  /** By name; of the search path under null. */
  private final Map<@Nullable String, TargetSchema> targets = new HashMap<>();

  private SchemaComparison(
      Connection connection, Schema schema, Instant now, Distribution distribution) {
    this.connection = connection;
    this.schema = schema;
    this.now = now;
    this.distribution = distribution;
    this.names = new PartitionNames(schema.tables());
  }

  /**
   * Compares.
   *
   * @param now for which partitions are created
   */
  static Comparison of(Connection connection, Schema schema, Instant now) throws SQLException {
    Target target = Target.of(connection);
    if (!target.problems().isEmpty()) {
      Comparison refused = new Comparison();
      refused.refuse(target.problems());
      refused.warn(target.warnings());
      return refused;
    }
    SchemaComparison compared =
        new SchemaComparison(connection, schema, now, Distribution.of(connection));
    compared.comparison.warn(target.warnings());
    compared.run();
    return compared.comparison;
  }

  private void run() throws SQLException {
    comparison.warn(distribution.warnings(connection, schema));
    comparison.warn(TargetSchema.warnings(schema.tables()));
    for (Table table : schema.tables()) {
      int before = comparison.numberOfProblems();
      compare(table);
      if (comparison.numberOfProblems() > before) {
        comparison.noteUnfit(table);
      }
    }
    for (OwnTable table : OWN_TABLES) {
      compare(table);
    }
  }

  private void compare(Table table) throws SQLException {
    TargetSchema target = target(table.schema());
    if (target.exists() && !target.usable()) {
      return; // the name of a table could not even be looked up
    }
    ExistingTable existing = ExistingTable.find(connection, Identifiers.quote(table));
    if (existing == null) {
      create(table, target);
    } else {
      check(table, existing);
    }
  }

  private TargetSchema target(@Nullable String name) throws SQLException {
    TargetSchema known = targets.get(name);
    if (known != null) {
      return known;
    }
    TargetSchema target = TargetSchema.of(connection, name);
    targets.put(name, target);
    if (target.exists() || name == null) {
      comparison.refuse(target.problems());
    } else {
      comparison.create(List.of(TargetSchema.creation(name)), target.problems());
    }
    return target;
  }

  private void create(Table table, TargetSchema target) throws SQLException {
    if (table.partitioning() != null) {
      names.avoidThoseOf(connection);
    }
    List<String> creation = TableDdl.creation(table, now, names);
    if (!target.problems().isEmpty()) {
      comparison.createLater(creation);
      return;
    }
    String quoted = Identifiers.quote(table);
    List<String> whyNot = new ArrayList<>(target.whyNotCreate(connection, quoted, table.name()));
    whyNot.addAll(distribution.whyNotCreate(table));
    comparison.create(table, creation, whyNot);
    if (table.schema() != null) {
      pointOutOther(table, quoted);
    }
  }

  /** The table may have been created before the schema file gave it a schema. */
  private void pointOutOther(Table table, String quoted) throws SQLException {
    String name = Identifiers.quote(table.name());
    ExistingTable other = ExistingTable.find(connection, name);
    if (other != null && other.isTable()) {
      comparison.point(
          "table %s is a new one, though there is a table %s in another schema of the search path; to use that one, ALTER TABLE %s SET SCHEMA %s before"
              .formatted(quoted, name, name, Identifiers.quote(String.valueOf(table.schema()))));
    }
  }

  private void check(Table table, ExistingTable existing) throws SQLException {
    TableCheck check = new TableCheck(table, existing);
    comparison.check(check, existing.owned());
    boolean changes = check.changesTable();
    if (!table.deduplicateBy().isEmpty() && existing.isTable()) {
      DeduplicationCheck deduplication = DeduplicationCheck.of(connection, table, existing);
      comparison.check(deduplication, existing.owned());
      changes |= !deduplication.steps().isEmpty();
    }
    if (changes && !existing.owned()) {
      comparison.point(
          "table %s: the user %s does not own it, so that somebody else has to run the statements that change it, as its owner"
              .formatted(Identifiers.quote(table), existing.user()));
    }
    comparison.refuse(distribution.problems(connection, table, existing));
    Partitioning partitioning = table.partitioning();
    if (partitioning != null && existing.isTable()) {
      comparison.check(PartitionCheck.of(connection, table, partitioning, existing, now, names));
    }
  }

  private void compare(OwnTable table) throws SQLException {
    String quoted = Identifiers.quote(table.name());
    ExistingTable existing = ExistingTable.find(connection, quoted);
    if (existing == null) {
      comparison.create(
          table.creation(), target(null).whyNotCreate(connection, quoted, table.name()));
    } else {
      comparison.upgrade(table.upgrade(existing), table.whyNotUpgrade(existing));
      comparison.refuse(table.problems(existing));
      comparison.refuse(distribution.problems(connection, table, existing));
    }
  }
}

package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.database.Identifiers;
import attolytics.database.Migration;
import attolytics.schema.Column;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables that are distributed; {@code CitusIT} has the rest. */
class DistributedTablesIT extends DatabaseTablesFixture {
  @Test
  void distributedTable_needsTheExtension() throws SQLException {
    Schema schema = schema(distributed("t"));
    String problem =
        "table \"t\" is to be distributed, but the database has no extension citus; CREATE EXTENSION"
            + " citus, where it is installed, or leave `distribute_by` out";

    assertProblems(schema, problem);
    assertEquals(List.of(problem), DatabaseTables.prepare(connection, schema).problems());
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname = 't'"));
    assertEquals(List.of(problem), DatabaseTables.planForNone(schema, Instant.now()).problems());
    Migration migration = DatabaseTables.migration(connection, schema, Instant.now());
    assertEquals(List.of(problem), migration.left());
    assertEquals(List.of(), migration.steps());

    sql("CREATE TABLE t (c varchar NOT NULL)");
    assertProblems(schema, problem);
    assertEquals(
        List.of(problem), DatabaseTables.migration(connection, schema, Instant.now()).left());
  }

  @Test
  void distributedTable_isDistributedBeforeItGetsIndexes() {
    assertEquals(
        List.of(
            "CREATE TABLE \"t\" (\"c\" VARCHAR NOT NULL)",
            "SELECT create_distributed_table('\"t\"', 'c')",
            "CREATE INDEX ON \"t\" (\"c\")"),
        DatabaseTables.planForNone(schema(distributed("t")), Instant.now())
            .statements()
            .subList(0, 3));
  }

  /** As PostgreSQL reads the literals back. */
  @ParameterizedTest
  @ValueSource(strings = {"t", "it's", "a\"b", "a\\'b"})
  void distributedTable_isNamedWhateverItsName(String name) throws SQLException {
    sql(
        "CREATE FUNCTION create_distributed_table(regclass, text) RETURNS text LANGUAGE sql AS"
            + " 'SELECT relname || '' '' || $2 FROM pg_class WHERE oid = $1'",
        "CREATE TABLE %s (c int4)".formatted(Identifiers.quote(name)));

    assertEquals(
        List.of(name + " " + name),
        query(Distribution.distribute(Identifiers.quote(name), column(name, ScalarType.I32))));
  }

  /** Citus does not change the type of what it distributes by, not even to a wider one. */
  @Test
  void distributedTable_isNotWidenedWhereItIsDistributedBy() throws SQLException {
    sql("CREATE TABLE t (c int4 NOT NULL)");
    Column column = column("c", ScalarType.I64, false, true);

    Migration widened =
        DatabaseTables.migration(connection, schema(table("t", column)), Instant.now());
    assertEquals(1, widened.steps().size());

    Table distributed = new Table("t", 0, List.of(column), null, column);
    Migration left = DatabaseTables.migration(connection, schema(distributed), Instant.now());
    assertEquals(List.of(), left.steps());
    assertTrue(
        left.left().get(0).contains("SELECT undistribute_table('\"t\"') and ALTER TABLE"),
        left.left()::toString);
  }
}

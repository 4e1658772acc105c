package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import attolytics.database.Migration;
import attolytics.database.OwnTable;
import attolytics.database.QuarantineTable;
import attolytics.schema.Column;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The service's own tables. */
class OwnTablesIT extends DatabaseTablesFixture {
  @Test
  void ownTable_isCreatedWithTheRest() throws SQLException {
    sql("DROP TABLE " + OWN.name() + ", " + QuarantineTable.TABLE.name());
    Schema schema = schema(table("t", column("c", ScalarType.I32)));

    Plan plan = DatabaseTables.prepare(connection, schema);

    assertFits(plan);
    assertEquals(
        Stream.concat(
                Stream.of("CREATE TABLE \"t\" (\"c\" INT4)"),
                ALL_OWN.stream().flatMap(own -> own.creation().stream()))
            .toList(),
        plan.statements());
    assertEquals(DatabaseTables.planForNone(schema, Instant.now()), plan);
    for (OwnTable own : ALL_OWN) {
      assertEquals(List.of(), own.problems(existing(own)));
    }
    assertNothingToDo(schema);
  }

  @Test
  void ownTable_ofAnOlderVersion_getsTheColumnThatItLacks() throws SQLException {
    sql("ALTER TABLE " + OWN.name() + " DROP answer", "CREATE TABLE t (c int4)");
    Schema schema = schema(table("t", column("c", ScalarType.I32)));
    String upgrade = "ALTER TABLE attolytics_idempotency ADD COLUMN IF NOT EXISTS answer TEXT";

    assertEquals(
        List.of(upgrade), DatabaseTables.rehearse(connection, schema).statements(), "of check");
    Migration migration = DatabaseTables.migration(connection, schema, Instant.now());
    assertEquals(List.of(upgrade), migration.steps().stream().map(String::valueOf).toList());

    assertEquals(List.of(upgrade), DatabaseTables.prepare(connection, schema).statements());

    assertNothingToDo(schema);
    // What an older version beside it writes.
    sql("INSERT INTO attolytics_idempotency (app, key, fingerprint) VALUES ('a', 'k', '')");
    assertEquals(
        List.of("YES"),
        query(
            "SELECT is_nullable FROM information_schema.columns"
                + " WHERE table_name = 'attolytics_idempotency' AND column_name = 'answer'"));
  }

  @Test
  void ownTable_ofAnOlderVersionAndSomebodyElses_isRefusedWithTheStatement() throws SQLException {
    sql("ALTER TABLE " + OWN.name() + " DROP answer", "CREATE TABLE t (c int4)");
    asUser(
        "Guest",
        user -> {
          sql("RESET ROLE", "GRANT ALL ON t TO " + user, "SET ROLE " + user);
          assertEquals(
              List.of(
                  "table \"attolytics_idempotency\" is of an older version, and the user "
                      + user
                      + " does not own it; let its owner run: ALTER TABLE attolytics_idempotency"
                      + " ADD COLUMN IF NOT EXISTS answer TEXT"),
              problems(schema(table("t", column("c", ScalarType.I32)))));
        });
  }

  /** A transaction that reads the table, such as a dump, must not make flushes wait for its end. */
  @Test
  void ownTable_upgradeOfOneThatIsRead_isGivenUpSoon() throws SQLException {
    sql("ALTER TABLE " + OWN.name() + " DROP answer", "CREATE TABLE t (c int4)");
    Schema schema = schema(table("t", column("c", ScalarType.I32)));
    try (Connection reader = database.connect();
        Statement sql = reader.createStatement()) {
      reader.setAutoCommit(false);
      sql.execute("SELECT count(*) FROM attolytics_idempotency");

      SQLException e =
          assertThrows(SQLException.class, () -> DatabaseTables.prepare(connection, schema));

      assertEquals("55P03", e.getSQLState());
      assertTrue(
          String.valueOf(e.getMessage()).startsWith("ALTER TABLE attolytics_idempotency ADD"),
          e.getMessage());
    }
    assertEquals(1, DatabaseTables.prepare(connection, schema).statements().size());
  }

  /** As of a flush's rows all columns but the id are given. */
  @Test
  void quarantine_hasTheColumnsThatARowGives() {
    assertEquals(
        Stream.concat(Stream.of("id"), Quarantine.TABLE.columns().stream().map(Column::name))
            .sorted()
            .toList(),
        QuarantineTable.TABLE.columns().keySet().stream().sorted().toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ALTER TABLE attolytics_quarantine DROP pointer | column \"pointer\" is missing",
        "ALTER TABLE attolytics_quarantine ALTER event TYPE json USING null | \"event\" is missing"
            + " or not of type text"
      })
  void quarantine_hasToBeAsCreated(String change, String words) throws SQLException {
    sql(change, "CREATE TABLE t (c int4)");
    List<String> problems = problems(schema(table("t", column("c", ScalarType.I32))));
    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.get(0).contains(words), problems::toString);
  }

  @Test
  void ownTable_isCheckedWithTheRest() throws SQLException {
    sql("ALTER TABLE " + OWN.name() + " DROP created", "CREATE VIEW t AS SELECT 1 AS c");

    assertEquals(2, problems(schema(table("t", column("c", ScalarType.I32)))).size());
  }

  @Test
  void ownTable_hasToBeAsCreated() throws SQLException {
    OwnTable own =
        new OwnTable(
            "attolytics_x",
            Map.of("c", "integer", "d", "bytea"),
            List.of("CREATE TABLE attolytics_x (c int4, d bytea)"));
    sql(own.creation().get(0));
    assertEquals(List.of(), own.problems(existing(own)));

    sql("ALTER TABLE attolytics_x ALTER c TYPE int8");
    assertEquals(
        List.of(
            "table \"attolytics_x\", column \"c\" is missing or not of type integer, but the service"
                + " requires that; ALTER TABLE \"attolytics_x\" RENAME TO …, and a new one is created"),
        own.problems(existing(own)));
    sql("ALTER TABLE attolytics_x DROP d");
    assertEquals(2, own.problems(existing(own)).size());

    sql("DROP TABLE attolytics_x", "CREATE VIEW attolytics_x AS SELECT 1 AS c");
    String problem = own.problems(existing(own)).get(0);
    assertTrue(problem.startsWith("instead of table \"attolytics_x\" there is a view"), problem);
  }

  @Test
  void ownTable_hasToBeReadAndWritten() throws SQLException {
    OwnTable own = new OwnTable("attolytics_x", Map.of("c", "integer"), List.of());
    sql("CREATE TABLE attolytics_x (c int4)");
    asUser(
        "Owner",
        user -> {
          sql(
              "RESET ROLE",
              "GRANT SELECT, INSERT, UPDATE ON attolytics_x TO " + user,
              "SET ROLE " + user);
          assertEquals(
              List.of(
                  "table \"attolytics_x\": the user %s lacks a privilege;".formatted(user)
                      + " GRANT SELECT, INSERT, UPDATE, DELETE ON \"attolytics_x\" TO "
                      + user),
              own.problems(existing(own)));
          sql("RESET ROLE", "GRANT DELETE ON attolytics_x TO " + user, "SET ROLE " + user);
          assertEquals(List.of(), own.problems(existing(own)));
        });
  }

  private ExistingTable existing(OwnTable table) throws SQLException {
    return Objects.requireNonNull(ExistingTable.find(connection, Identifiers.quote(table.name())));
  }
}

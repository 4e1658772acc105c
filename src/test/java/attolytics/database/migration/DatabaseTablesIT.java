package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.database.AdvisoryLock;
import attolytics.database.Identifiers;
import attolytics.database.Inspection.Findings;
import attolytics.database.Migration;
import attolytics.database.StepRunner;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.schema.yaml.SchemaFile;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/** Tables that are missing: what a start creates, and what keeps it from doing so. */
class DatabaseTablesIT extends DatabaseTablesFixture {
  /** So that what a frozen instance has locked does not stay locked. */
  @Test
  void prepare_setsALimitToBeIdleInItsTransaction() throws Exception {
    List<String> limits = new ArrayList<>();
    DatabaseTables.prepare(
        connection,
        SchemaFile.read(Path.of("schema-example.conf.yaml"), Map.of()),
        Instant.now(),
        own -> {
          try (Statement sql = own.createStatement();
              ResultSet row = sql.executeQuery("SHOW idle_in_transaction_session_timeout")) {
            row.next();
            limits.add(row.getString(1));
          }
          return Findings.NONE;
        });
    assertEquals(List.of("1min"), limits);
  }

  @Test
  void prepare_createsTheExample() throws Exception {
    Schema schema = SchemaFile.read(Path.of("schema-example.conf.yaml"), Map.of());

    Plan plan = DatabaseTables.prepare(connection, schema);

    assertEquals(
        List.of(
            "CREATE TABLE \"events\" (\"time\" TIMESTAMPTZ, \"referer\" VARCHAR,"
                + " \"platform\" VARCHAR NOT NULL, \"version\" VARCHAR NOT NULL,"
                + " \"user_id\" VARCHAR, \"event_type\" VARCHAR NOT NULL, \"score\" INT4)",
            "CREATE INDEX ON \"events\" (\"time\")",
            "CREATE INDEX ON \"events\" (\"platform\")",
            "CREATE INDEX ON \"events\" (\"version\")",
            "CREATE INDEX ON \"events\" (\"event_type\")"),
        plan.statements());
    assertFits(plan);
    assertEquals(
        List.of(
            "time timestamp with time zone YES",
            "referer character varying YES",
            "platform character varying NO",
            "version character varying NO",
            "user_id character varying YES",
            "event_type character varying NO",
            "score integer YES"),
        query(
            "SELECT column_name || ' ' || data_type || ' ' || is_nullable"
                + " FROM information_schema.columns WHERE table_name = 'events'"
                + " ORDER BY ordinal_position"));
    assertEquals(
        List.of(
            "events_event_type_idx",
            "events_platform_idx",
            "events_time_idx",
            "events_version_idx"),
        query("SELECT indexname FROM pg_indexes WHERE tablename = 'events' ORDER BY 1"));
    assertNothingToDo(schema);
  }

  @Test
  void rehearse_changesNothing() throws SQLException {
    Schema schema = schema(table("t", column("c", ScalarType.I32, true, false)));

    assertEquals(2, DatabaseTables.rehearse(connection, schema).statements().size());
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname = 't'"));
    assertTrue(connection.getAutoCommit());
  }

  /** Else a start beside it would fail for what it has just made. */
  @Test
  void carryOut_takesTurnsWithStarts() throws SQLException {
    Migration.Step step = Migration.Step.of("CREATE TABLE t (c int4)", null);
    try (Connection start = database.connect();
        Statement lock = start.createStatement()) {
      lock.execute("SELECT pg_advisory_lock(" + AdvisoryLock.TABLES.key() + ")");
      SQLException e =
          assertThrows(
              SQLException.class, () -> StepRunner.run(connection, step, Duration.ofMillis(50)));
      assertEquals("55P03", e.getSQLState(), e.getMessage());
    }
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname = 't'"));
  }

  /** Also where a session has it that a pooler keeps, in which a former version took it. */
  @Test
  void prepare_turnIsNotToBeHad_saysWhoHasIt() throws SQLException {
    Schema schema = schema(table("t", column("c", ScalarType.I32, true, false)));
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      lock.execute("SET application_name = 'in the way'");
      lock.execute("SELECT pg_advisory_lock(" + AdvisoryLock.TABLES.key() + ")");
      SQLException e =
          assertThrows(
              SQLException.class,
              () -> DatabaseTables.prepare(connection, schema, Instant.now(), Duration.ZERO));
      int pid = other.unwrap(PGConnection.class).getBackendPID();
      assertTrue(
          String.valueOf(e.getMessage()).contains("pid " + pid + " (in the way at "),
          e.getMessage());
      assertTrue(String.valueOf(e.getMessage()).contains(", idle since 20"), e.getMessage());
    }
  }

  @Test
  void rehearse_plansWhatPrepareDoes() throws SQLException {
    sql("CREATE TABLE a (c int4)");
    Schema schema =
        schema(
            table("a", column("c", ScalarType.I32, true, false)),
            table("b", column("c", ScalarType.STRING, true, true)));

    Plan plan = DatabaseTables.rehearse(connection, schema);

    assertEquals(1, plan.warnings().size());
    assertEquals(plan, DatabaseTables.prepare(connection, schema));
    assertEquals(
        DatabaseTables.planForNone(schema, Instant.now()).statements().subList(2, 4),
        plan.statements());
  }

  /** The trigger stands for any cause that no check looks for. */
  @Test
  void rehearse_failsWherePrepareWould() throws SQLException {
    database.assumeSuperuser("create an event trigger");
    sql(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE 'no tables today'; END $$",
        "CREATE EVENT TRIGGER refusal ON ddl_command_end WHEN TAG IN ('CREATE TABLE')"
            + " EXECUTE FUNCTION refuse()");
    try {
      Schema schema = schema(table("t", column("c", ScalarType.I32)));

      for (SQLException e :
          List.of(
              assertThrows(SQLException.class, () -> DatabaseTables.rehearse(connection, schema)),
              assertThrows(SQLException.class, () -> DatabaseTables.prepare(connection, schema)))) {
        String message = String.valueOf(e.getMessage());
        assertTrue(
            message.startsWith("CREATE TABLE \"t\" (\"c\" INT4): ERROR: no tables today"), message);
        assertEquals("P0001", e.getSQLState());
      }
    } finally {
      sql("DROP EVENT TRIGGER refusal");
    }
  }

  @Test
  void prepare_createsOnlyWhatIsMissing() throws SQLException {
    sql("CREATE TABLE a (c int4)");
    Table a = table("a", column("c", ScalarType.I32));
    Table b = table("b", column("c", ScalarType.I32));

    Plan plan = DatabaseTables.prepare(connection, schema(a, b));

    assertEquals(List.of("CREATE TABLE \"b\" (\"c\" INT4)"), plan.statements());
    assertNothingToDo(schema(a, b));
  }

  @Test
  void prepare_withAProblem_createsNothing() throws SQLException {
    sql("CREATE TABLE b (x int4)");
    Schema schema =
        schema(table("a", column("c", ScalarType.I32)), table("b", column("c", ScalarType.I32)));

    Plan plan = DatabaseTables.prepare(connection, schema);

    assertEquals(1, plan.problems().size());
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname = 'a'"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select",
        "Two Words",
        "quo\"te",
        "it's",
        "semi;colon --",
        "{d} ? $1 %s",
        "ユーザー",
        "😀",
        "back\\slash",
        " ",
        "line\nbreak",
        "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789",
        "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ1"
      })
  void prepare_anyName(String name) throws SQLException {
    Schema schema =
        schema(
            table(
                name,
                column(name, ScalarType.STRING, true, true),
                column("#", ScalarType.I32, true, false)));

    assertFits(DatabaseTables.prepare(connection, schema));

    assertEquals(
        List.of(name),
        query(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname NOT LIKE 'attolytics\\_%'"
                + " AND relnamespace = 'public'::regnamespace"));
    assertNothingToDo(schema);
    sql("DROP TABLE " + Identifiers.quote(name));
    sql("CREATE TABLE " + Identifiers.quote(name) + " (x int4 NOT NULL)");
    assertEquals(3, DatabaseTables.rehearse(connection, schema).problems().size());
  }

  @Test
  void prepare_indexOfJson_findsKeysAndValues() throws SQLException {
    DatabaseTables.prepare(
        connection, schema(table("t", column("c", ScalarType.JSON, true, false))));

    assertEquals(
        List.of("gin"),
        query(
            "SELECT amname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
                + " JOIN pg_am ON pg_am.oid = relam WHERE indrelid = 't'::regclass"));
  }

  @ParameterizedTest
  @EnumSource
  void prepare_brin_isCreatedForEveryTypeThatTakesIt(ScalarType type) throws SQLException {
    if (type.supportsBrin()) {
      Schema schema = schema(table("t", brin("c", type)));

      assertTrue(
          DatabaseTables.prepare(connection, schema)
              .statements()
              .contains("CREATE INDEX ON \"t\" USING brin (\"c\")"));
      assertNothingToDo(schema);
    } else {
      sql("CREATE TABLE t (c %s)".formatted(type.sqlName()));
      assertThrows(SQLException.class, () -> sql("CREATE INDEX ON t USING brin (c)"));
    }
  }

  /** Which of them serves better is the operator's business, who has made it by hand. */
  @ParameterizedTest
  @ValueSource(strings = {"brin", "btree"})
  void plan_whicheverIndexThereIs_satisfiesBoth(String method) throws SQLException {
    sql("CREATE TABLE t (c int4)", "CREATE INDEX ON t USING " + method + " (c)");

    assertNothingToDo(schema(table("t", brin("c", ScalarType.I32))));
    assertNothingToDo(schema(table("t", column("c", ScalarType.I32, true, false))));
  }

  @Test
  void plan_missingBrin_isAWarning() throws SQLException {
    sql("CREATE TABLE t (c int4)");
    Schema schema = schema(table("t", brin("c", ScalarType.I32)));

    String warning = DatabaseTables.prepare(connection, schema).warnings().get(0);

    String statement = "CREATE INDEX CONCURRENTLY ON \"t\" USING brin (\"c\")";
    assertTrue(warning.endsWith(statement), warning);
    sql(statement);
    assertNothingToDo(schema);
  }

  @ParameterizedTest
  @EnumSource
  void prepare_everyType_isFoundAsCreated(ScalarType type) throws SQLException {
    Schema schema = schema(table("t", column("c", type, true, true)));

    assertFits(DatabaseTables.prepare(connection, schema));

    assertNothingToDo(schema);
    assertEquals(
        List.of(type.sqlTypes().get(0)),
        query(
            "SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'c'"));
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Connection.TRANSACTION_READ_COMMITTED,
        Connection.TRANSACTION_REPEATABLE_READ,
        Connection.TRANSACTION_SERIALIZABLE
      })
  void prepare_manyInstancesAtOnce_allSucceed(int isolation) throws Exception {
    int instances = 8;
    List<Table> tables = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tables.add(new Table("t" + i, i, List.of(column("c", ScalarType.STRING, true, true))));
    }
    Schema schema = new Schema(tables, Map.of(), null);
    CyclicBarrier start = new CyclicBarrier(instances);
    Callable<Plan> instance =
        () -> {
          try (Connection own = database.connect()) {
            own.setTransactionIsolation(isolation);
            start.await();
            return DatabaseTables.prepare(own, schema);
          }
        };
    ExecutorService threads = Executors.newFixedThreadPool(instances);
    try {
      int creators = 0;
      for (Future<Plan> plan : threads.invokeAll(Collections.nCopies(instances, instance))) {
        assertFits(plan.get());
        creators += plan.get().statements().isEmpty() ? 0 : 1;
      }
      assertEquals(1, creators);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void prepare_refusedByTheDatabase_leavesNothingBehind() throws SQLException {
    Schema schema =
        schema(
            table("a", column("c", ScalarType.I32)),
            table("b", column("c", ScalarType.I32), column("c", ScalarType.I32)));

    SQLException e =
        assertThrows(SQLException.class, () -> DatabaseTables.prepare(connection, schema));

    assertEquals("42701", e.getSQLState());
    assertTrue(connection.getAutoCommit());
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname = 'a'"));
  }

  @ParameterizedTest
  @CsvSource({"CREATE TYPE t AS ENUM ('x'), type, TYPE", "CREATE DOMAIN t AS int4, domain, DOMAIN"})
  void plan_missingTable_whoseNameATypeHas(String create, String kind, String sqlKind)
      throws SQLException {
    sql(create);

    assertProblems(
        schema(table("t", column("c", ScalarType.I32))),
        "instead of table \"t\" there is a %s; drop it, or rename it: ALTER %s \"t\" RENAME TO …"
            .formatted(kind, sqlKind));
  }

  @Test
  void prepare_missingTable_whoseNameATypeOfArraysHas() throws SQLException {
    sql("CREATE TABLE t (c int4)"); // the type of its arrays is called _t
    Schema schema = schema(table("_t", column("c", ScalarType.I32)));

    assertFits(DatabaseTables.prepare(connection, schema));
    assertNothingToDo(schema);
  }

  @Test
  void plan_missingTable_thatTheUserMayNotCreate() throws SQLException {
    asUser(
        "Maker",
        user -> {
          Schema schema = schema(table("t", column("c", ScalarType.I32)));

          assertProblems(
              schema,
              "table \"t\" does not exist, and the user %s may not create it;".formatted(user)
                  + " GRANT CREATE ON SCHEMA public TO %s,".formatted(user)
                  + " or have it created by somebody else: `check` prints the statements");
          assertEquals(1, DatabaseTables.rehearse(connection, schema).statements().size());
          assertEquals(1, DatabaseTables.prepare(connection, schema).problems().size());

          sql("RESET ROLE", "GRANT CREATE ON SCHEMA public TO " + user, "SET ROLE " + user);
          assertFits(DatabaseTables.prepare(connection, schema));
          assertNothingToDo(schema);
        });
  }

  @Test
  void plan_missingTable_withoutASchemaToCreateItIn() throws SQLException {
    sql("SET search_path = nowhere");

    String problem = problems(schema(table("t", column("c", ScalarType.I32)))).get(0);

    assertTrue(
        problem.startsWith("table \"t\" does not exist, and no schema of the search path exists"),
        problem);
  }

  @Test
  void prepare_createsInTheFirstSchemaOfTheSearchPath() throws SQLException {
    sql("CREATE SCHEMA other", "SET search_path = missing, other, public");

    assertFits(DatabaseTables.prepare(connection, schema(table("t", column("c", ScalarType.I32)))));

    assertEquals(
        List.of("other"),
        query("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 't'"));
  }

  @Test
  void plan_readOnlyDatabase() throws SQLException {
    Schema schema = schema(table("t", column("c", ScalarType.I32)));
    sql("CREATE TABLE t (c int4)", "SET default_transaction_read_only = on");

    String problem = problems(schema).get(0);

    assertTrue(problem.startsWith("the database is read-only: it is a standby, or"), problem);
    sql("SET default_transaction_read_only = off");
    assertNothingToDo(schema);
  }

  /** As if by an old server: its answer comes from a function in the way of the right one. */
  @Test
  void plan_oldServer() throws SQLException {
    sql(
        "CREATE SCHEMA other",
        "CREATE FUNCTION other.current_setting(text) RETURNS text LANGUAGE sql AS $$"
            + " SELECT CASE $1 WHEN 'server_version_num' THEN '120022'"
            + " WHEN 'server_version' THEN '12.22' ELSE pg_catalog.current_setting($1) END $$",
        "SET search_path = other, pg_catalog, public");

    assertProblems(
        schema(table("t", column("c", ScalarType.I32))),
        "the server is PostgreSQL 12.22, but has to be 13 or newer");
  }
}

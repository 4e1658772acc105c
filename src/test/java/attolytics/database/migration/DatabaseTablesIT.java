package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.database.AdvisoryLock;
import attolytics.database.ExistingTable;
import attolytics.database.IdempotencyTable;
import attolytics.database.Identifiers;
import attolytics.database.Inspection.Findings;
import attolytics.database.Migration;
import attolytics.database.OwnTable;
import attolytics.database.QuarantineTable;
import attolytics.database.StepRunner;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.DefaultValue;
import attolytics.schema.EpochUnit;
import attolytics.schema.Index;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.StringType;
import attolytics.schema.Table;
import attolytics.schema.TimestampType;
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
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

class DatabaseTablesIT {
  private static final OwnTable OWN = IdempotencyTable.TABLE;

  private static final List<OwnTable> ALL_OWN = List.of(OWN, QuarantineTable.TABLE);

  private static TestDatabase database;

  private Connection connection;

  @BeforeAll
  static void createDatabase() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterAll
  static void dropDatabase() throws SQLException {
    database.close();
  }

  @BeforeEach
  void connectToEmptySchema() throws SQLException {
    connection = database.connect();
    sql("DROP SCHEMA IF EXISTS public, other CASCADE", "CREATE SCHEMA public");
    // The service's own tables are there already, so that the tests only see the schema's.
    for (OwnTable own : ALL_OWN) {
      sql(own.creation().toArray(String[]::new));
    }
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

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

  // What is missing

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

  /** The trigger stands for whatever nobody thought of. */
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

  // What exists

  @ParameterizedTest
  @CsvSource({
    "BOOL, boolean",
    "I32, integer",
    "I64, bigint",
    "F32, real",
    "F64, double precision",
    "STRING, varchar",
    "STRING, varchar(10)",
    "STRING, text",
    "STRING, text COLLATE \"C\"",
    "TIMESTAMP, timestamptz",
    "TIMESTAMP, timestamptz(3)",
    "DATE, date",
    "UUID, uuid",
    "NUMERIC, numeric",
    "INET, inet",
    "JSON, jsonb"
  })
  void plan_fittingType(ScalarType type, String sqlType) throws SQLException {
    sql("CREATE TABLE t (c " + sqlType + ")");

    assertNothingToDo(schema(table("t", column("c", type))));
  }

  @Test
  void plan_numericWithPrecision_isAWarning() throws SQLException {
    sql("CREATE TABLE t (c numeric(10, 2))");

    Plan plan =
        DatabaseTables.prepare(connection, schema(table("t", column("c", ScalarType.NUMERIC))));

    assertEquals(List.of(), plan.problems());
    assertEquals(
        List.of(
            "table \"t\", column \"c\" is NUMERIC with a precision and scale, to which the database"
                + " rounds; to keep all digits, ALTER TABLE \"t\" ALTER COLUMN \"c\" TYPE NUMERIC"),
        plan.warnings());
  }

  @ParameterizedTest
  @CsvSource({"string[], character varying[]", "i64[], bigint[]", "numeric[], numeric(5)[]"})
  void plan_fittingArray(String type, String sqlType) throws SQLException {
    sql("CREATE TABLE t (c " + sqlType + ")");

    Column column = column("c", Objects.requireNonNull(ColumnType.named(type)));
    assertEquals(List.of(), problems(schema(table("t", column))));
  }

  @Test
  void plan_arrayOfAnotherType_isAProblem() throws SQLException {
    sql("CREATE TABLE t (c text[])");

    Column column = column("c", Objects.requireNonNull(ColumnType.named("string[]")));
    assertProblems(
        schema(table("t", column)),
        "table \"t\", column \"c\" is of type text[], but has to be VARCHAR[] (string[]); ALTER TABLE"
            + " \"t\" ALTER COLUMN \"c\" TYPE VARCHAR[] USING \"c\"::VARCHAR[]");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "I32, bigint, i64, ",
        "I64, integer, i32, ",
        "F32, double precision, f64, `, which rounds to about 7 digits`",
        "STRING, integer, i32, ",
        "TIMESTAMP, text, string, `, which rounds to microseconds, and uses the session's time zone"
            + " for values without an offset`",
        "TIMESTAMP, date, date, `, which interprets values in the session's time zone`",
        "STRING, jsonb, json, ",
        "STRING, uuid, uuid, ",
        "UUID, text, string, ",
        "DATE, timestamp with time zone, timestamp, `, which drops the time of day`"
      })
  void plan_typeOfAnotherColumnType(
      ScalarType type, String sqlType, String other, @Nullable String loss) throws SQLException {
    sql("CREATE TABLE t (c " + sqlType + ")");
    String wanted = type.sqlName();

    assertProblems(
        schema(table("t", column("c", type))),
        "table \"t\", column \"c\" is of type %s, but has to be %s (%s); "
                .formatted(sqlType, wanted, type.schemaName())
            + "give it the type %s in the schema file, or ".formatted(other)
            + "ALTER TABLE \"t\" ALTER COLUMN \"c\" TYPE %s USING \"c\"::%s%s"
                .formatted(wanted, wanted, loss == null ? "" : loss));
  }

  /**
   * What the suggested statement does, done: where a value is not what it was, the words say so.
   */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "I64, numeric, 9.99, which rounds to whole numbers",
        "I32, numeric, 9.99, which rounds to whole numbers",
        "I64, double precision, 9.99, which rounds to whole numbers",
        "I64, real, 9.5, which rounds to whole numbers",
        "I64, jsonb, 9.99, which rounds to whole numbers",
        "F64, numeric, 0.12345678901234567890, which rounds to about 15 digits",
        "F64, bigint, 9007199254740993, which rounds to about 15 digits",
        "F64, text, 0.12345678901234567890, which rounds to about 15 digits",
        "F32, numeric, 0.123456789, which rounds to about 7 digits",
        "F32, integer, 16777217, which rounds to about 7 digits",
        "BOOL, integer, 2, which keeps only whether a number is 0",
        "DATE, timestamp without time zone, 2026-01-31 12:00:00, which drops the time of day",
        "DATE, text, 2026-01-31 12:00, which drops the time of day",
        "JSON, json, `{\"b\":1,\"a\":1,\"a\":2}`, `which drops white space, the order of keys, and`"
      })
  void plan_saysWhatTheStatementLoses(ScalarType type, String sqlType, String value, String words)
      throws SQLException {
    sql("CREATE TABLE t (c %s)".formatted(sqlType), "INSERT INTO t VALUES ('%s')".formatted(value));
    Schema schema = schema(table("t", column("c", type)));

    String problem = problems(schema).get(0);

    assertTrue(problem.contains(words), problem);
    sql(problem.substring(problem.indexOf("ALTER TABLE"), problem.indexOf(", which ")));
    assertFits(DatabaseTables.prepare(connection, schema));
    try (Statement query = connection.createStatement();
        ResultSet row = query.executeQuery("SELECT c::text FROM t")) {
      row.next();
      assertNotEquals(value, row.getString(1));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "I32, smallint",
    "I64, numeric",
    "F64, numeric",
    "STRING, name",
    "STRING, character(3)",
    "STRING, bytea",
    "STRING, text[]",
    "TIMESTAMP, timestamp",
    "DATE, timestamp",
    "UUID, bytea",
    "JSON, json", // its COPY would want no version
    "BOOL, bit",
    "STRING, d"
  })
  void plan_otherType(ScalarType type, String sqlType) throws SQLException {
    sql("CREATE DOMAIN d AS text", "CREATE TABLE t (c " + sqlType + ")");

    List<String> problems = problems(schema(table("t", column("c", type))));

    assertEquals(1, problems.size());
    assertTrue(problems.get(0).contains("but has to be " + type.sqlName()), problems.get(0));
  }

  @Test
  void plan_missingColumnWithDefault_isAddedWithoutRewrite() throws SQLException {
    sql("CREATE TABLE t (c int4)", "INSERT INTO t VALUES (1)");
    DefaultValue value = DefaultValue.of(ScalarType.STRING, "\"it's \\\\ here\"");
    Column added =
        new Column("d", ScalarType.STRING, "d", null, null, value, false, Index.NONE, true, 1);
    List<String> file = query("SELECT pg_relation_filenode('t')");

    Migration migration =
        DatabaseTables.migration(
            connection, schema(table("t", column("c", ScalarType.I32), added)), Instant.now());

    assertEquals(List.of(), migration.left());
    assertEquals(
        List.of("ALTER TABLE \"t\" ADD COLUMN \"d\" VARCHAR DEFAULT E'it''s \\\\ here'"),
        migration.steps().get(0).statements());
    sql(migration.steps().get(0).statements().get(0));
    assertEquals(List.of("it's \\ here"), query("SELECT d FROM t"));
    assertEquals(file, query("SELECT pg_relation_filenode('t')"));
  }

  @Test
  void plan_maxLength_widensWithoutRewrite() throws SQLException {
    sql("CREATE TABLE t (c varchar(32))", "CREATE INDEX ON t (c)");
    List<String> file = query("SELECT pg_relation_filenode('t')");
    Column column = column("c", new StringType(64, List.of()));

    Migration migration =
        DatabaseTables.migration(connection, schema(table("t", column)), Instant.now());

    assertEquals(
        List.of(
            "table \"t\", column \"c\" is of type VARCHAR(32), but max_length is 64;"
                + " ALTER TABLE \"t\" ALTER COLUMN \"c\" TYPE VARCHAR(64)"),
        problems(schema(table("t", column))));
    sql(migration.steps().get(0).statements().get(0));
    assertEquals(file, query("SELECT pg_relation_filenode('t')"));
    assertNothingToDo(schema(table("t", column)));
    assertNothingToDo(schema(table("t", column("c", new StringType(10, List.of())))));
    assertNothingToDo(schema(table("t", column("c", ScalarType.STRING))));
  }

  @Test
  void create_keysOfColumns() throws SQLException {
    Column ms = column("at", new TimestampType(EpochUnit.MS), true, false);
    Column name = column("name", new StringType(5, List.of()));
    DefaultValue value = DefaultValue.of(ScalarType.NUMERIC, "1.50");
    Column price =
        new Column("price", ScalarType.NUMERIC, "p", null, null, value, false, Index.NONE, true, 2);
    Schema schema = schema(table("t", ms, name, price));

    assertFits(DatabaseTables.prepare(connection, schema));

    assertNothingToDo(schema);
    sql("INSERT INTO t (at) VALUES (now())");
    assertEquals(List.of("1.50"), query("SELECT price::text FROM t"));
  }

  @Test
  void plan_missingColumn() throws SQLException {
    sql("CREATE TABLE t (\"C\" int4, gone int4)", "ALTER TABLE t DROP COLUMN gone");

    assertProblems(
        schema(table("t", column("c", ScalarType.I32), column("gone", ScalarType.I32))),
        "table \"t\", column \"c\" does not exist; ALTER TABLE \"t\" ADD COLUMN \"c\" INT4",
        "table \"t\", column \"gone\" does not exist; ALTER TABLE \"t\" ADD COLUMN \"gone\" INT4");
  }

  @Test
  void plan_notNullColumn_hasToBeRequired() throws SQLException {
    sql("CREATE TABLE t (c int4 NOT NULL DEFAULT 7, d int4)");

    assertProblems(
        schema(table("t", column("c", ScalarType.I32))),
        "table \"t\", column \"c\" is NOT NULL, but not required by the schema file;"
            + " add `required: true` there, or ALTER TABLE \"t\" ALTER COLUMN \"c\" DROP NOT NULL");
    assertNothingToDo(
        schema(
            table(
                "t",
                column("c", ScalarType.I32, false, true),
                column("d", ScalarType.I32, false, true))));
  }

  @Test
  void plan_notNullColumnThatTheSchemaLacks() throws SQLException {
    sql(
        """
        CREATE TABLE t (
          c int4,
          plain int4 NOT NULL,
          defaulted int4 NOT NULL DEFAULT 1,
          serial bigserial NOT NULL,
          always int4 GENERATED ALWAYS AS IDENTITY,
          optional int4 GENERATED BY DEFAULT AS IDENTITY,
          twice int4 NOT NULL GENERATED ALWAYS AS (coalesce(c, 0) * 2) STORED,
          nullable int4)
        """);

    assertProblems(
        schema(table("t", column("c", ScalarType.I32))),
        "table \"t\", column \"plain\" is NOT NULL without a default, and not in the schema file,"
            + " so that no row can be inserted; add it there as `required`,"
            + " or ALTER TABLE \"t\" ALTER COLUMN \"plain\" DROP NOT NULL");
  }

  @Test
  void plan_generatedColumn_cannotBeNamed() throws SQLException {
    sql("CREATE TABLE t (a int4, c int4 GENERATED ALWAYS AS (a * 2) STORED)");

    assertProblems(
        schema(table("t", column("c", ScalarType.I32))),
        "table \"t\", column \"c\" is generated from other columns, so that no value can be written"
            + " to it; remove it from the schema file,"
            + " or ALTER TABLE \"t\" ALTER COLUMN \"c\" DROP EXPRESSION");
  }

  @Test
  void plan_identityColumn_mayBeNamed() throws SQLException {
    sql("CREATE TABLE t (c int8 GENERATED ALWAYS AS IDENTITY)");

    assertNothingToDo(schema(table("t", column("c", ScalarType.I64, false, true))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CREATE VIEW t AS SELECT 1 AS c | a view | VIEW",
        "CREATE MATERIALIZED VIEW t AS SELECT 1 AS c | a materialized view | MATERIALIZED VIEW",
        "CREATE SEQUENCE t | a sequence | SEQUENCE",
        "CREATE TYPE t AS (c int4) | a type | TYPE",
        "CREATE TABLE other (c int4); CREATE INDEX t ON other (c) | an index | INDEX",
        "CREATE TABLE other (c int4) PARTITION BY LIST (c); CREATE INDEX t ON other (c)"
            + " | an index | INDEX"
      })
  void plan_otherThanATable(String create, String kind, String sqlKind) throws SQLException {
    sql(create);

    assertProblems(
        schema(table("t", column("c", ScalarType.I32))),
        "instead of table \"t\" there is %s; drop it, or rename it: ALTER %s \"t\" RENAME TO …"
            .formatted(kind, sqlKind));
  }

  @Test
  void plan_partitionedTable() throws SQLException {
    sql("CREATE TABLE t (c int4, d timestamptz) PARTITION BY RANGE (d)");
    Schema schema =
        schema(
            table(
                "t", column("c", ScalarType.I32, true, false), column("d", ScalarType.TIMESTAMP)));

    Plan plan = DatabaseTables.prepare(connection, schema);

    assertEquals(List.of(), plan.problems());
    assertEquals(
        List.of(
            "table \"t\", column \"c\" should be indexed, but is not the first column of any index;"
                + " CREATE INDEX ON \"t\" (\"c\")"),
        plan.warnings());
    sql("CREATE INDEX ON \"t\" (\"c\")");
    assertNothingToDo(schema);
  }

  @Test
  void plan_foreignTable() throws SQLException {
    database.assumeSuperuser("create a foreign data wrapper");
    sql(
        "CREATE FOREIGN DATA WRAPPER w",
        "CREATE SERVER s FOREIGN DATA WRAPPER w",
        "CREATE FOREIGN TABLE t (c int4) SERVER s");
    try {
      assertNothingToDo(schema(table("t", column("c", ScalarType.I32, true, false))));
    } finally {
      sql("DROP FOREIGN DATA WRAPPER w CASCADE");
    }
  }

  @Test
  void plan_missingIndex_isAWarning() throws SQLException {
    sql("CREATE TABLE t (c int4, d int4)", "CREATE INDEX ON t (d, c)");
    Schema schema =
        schema(
            table(
                "t",
                column("c", ScalarType.I32, true, false),
                column("d", ScalarType.I32, true, false)));

    Plan plan = DatabaseTables.prepare(connection, schema);

    String statement = "CREATE INDEX CONCURRENTLY ON \"t\" (\"c\")";
    assertEquals(
        List.of(
            "table \"t\", column \"c\" should be indexed, but is not the first column of any index; "
                + statement),
        plan.warnings());
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.statements());
    sql(statement);
    assertNothingToDo(schema);
  }

  @ParameterizedTest
  @ValueSource(strings = {"t (c) WHERE c > 7", "t ((c + 1))", "ONLY t (c)"})
  void plan_indexOfSomeRowsOrOfAnExpression_isNone(String index) throws SQLException {
    sql(
        "CREATE TABLE t (c int4) PARTITION BY LIST (c)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)",
        "CREATE INDEX ON " + index);

    assertEquals(
        1,
        DatabaseTables.rehearse(
                connection, schema(table("t", column("c", ScalarType.I32, true, false))))
            .warnings()
            .size());
  }

  @Test
  void plan_otherKindsOfIndexes_areIndexes() throws SQLException {
    sql("CREATE TABLE t (c int4, d int4 UNIQUE)", "CREATE INDEX ON t USING brin (c)");

    assertNothingToDo(
        schema(
            table(
                "t",
                column("c", ScalarType.I32, true, false),
                column("d", ScalarType.I32, true, false))));
  }

  @Test
  void plan_invalidIndex_isNone() throws SQLException {
    sql("CREATE TABLE t (c int4)", "INSERT INTO t VALUES (1), (1)");
    assertThrows(SQLException.class, () -> sql("CREATE UNIQUE INDEX CONCURRENTLY ON t (c)"));

    assertEquals(
        1,
        DatabaseTables.rehearse(
                connection, schema(table("t", column("c", ScalarType.I32, true, false))))
            .warnings()
            .size());
  }

  @Test
  void plan_searchPath_isFollowed() throws SQLException {
    sql("CREATE SCHEMA other", "CREATE TABLE other.t (c int4)", "CREATE TABLE public.t (c text)");
    Schema schema = schema(table("t", column("c", ScalarType.I32)));

    assertEquals(1, problems(schema).size());
    sql("SET search_path = missing, other, public");
    assertNothingToDo(schema);
  }

  @Test
  void plan_noInsertPrivilege() throws SQLException {
    sql("CREATE TABLE t (c int4, d int4)");
    asUser(
        "Reader",
        user -> {
          sql("RESET ROLE", "GRANT SELECT ON t TO " + user, "SET ROLE " + user);
          Schema schema =
              schema(table("t", column("c", ScalarType.I32), column("d", ScalarType.I32)));

          assertProblems(
              schema,
              "table \"t\": the user %s may not insert into column \"c\", \"d\";".formatted(user)
                  + " GRANT INSERT ON \"t\" TO "
                  + user);

          sql("RESET ROLE", "GRANT INSERT (c) ON t TO " + user, "SET ROLE " + user);
          assertNothingToDo(schema(table("t", column("c", ScalarType.I32))));
          assertEquals(1, problems(schema).size());

          sql("RESET ROLE", "GRANT INSERT ON t TO " + user, "SET ROLE " + user);
          assertNothingToDo(schema);

          sql("RESET ROLE", "ALTER TABLE t ENABLE ROW LEVEL SECURITY", "SET ROLE " + user);
          assertProblems(
              schema,
              "table \"t\": row-level security applies to the user %s, and COPY does not work with it;"
                      .formatted(user)
                  + " let the user own the table, or ALTER ROLE %s BYPASSRLS".formatted(user));
        });
  }

  @Test
  void plan_noPrivilegeForTheSequenceOfADefault() throws SQLException {
    sql("CREATE TABLE t (id bigserial, ident int4 GENERATED ALWAYS AS IDENTITY, c int4)");
    asUser(
        "Writer",
        user -> {
          sql("RESET ROLE", "GRANT INSERT ON t TO " + user, "SET ROLE " + user);
          Schema schema = schema(table("t", column("c", ScalarType.I32)));

          assertProblems(
              schema,
              "table \"t\", column \"id\" takes its default from t_id_seq, which the user %s may not"
                      .formatted(user)
                  + " use; GRANT USAGE ON SEQUENCE t_id_seq TO "
                  + user);
          assertNothingToDo(
              schema(
                  table(
                      "t",
                      column("id", ScalarType.I64, false, true),
                      column("c", ScalarType.I32))));

          sql("RESET ROLE", "GRANT USAGE ON SEQUENCE t_id_seq TO " + user, "SET ROLE " + user);
          assertNothingToDo(schema);
          sql("INSERT INTO t (c) VALUES (1)");
        });
  }

  @Test
  void plan_allProblemsOfAllTables() throws SQLException {
    sql(
        "CREATE TABLE a (c text, d int4 NOT NULL, extra int4 NOT NULL)",
        "CREATE VIEW b AS SELECT 1",
        "CREATE TABLE c (x int4)");

    List<String> problems =
        problems(
            schema(
                table(
                    "a",
                    column("c", ScalarType.I32),
                    column("d", ScalarType.I32),
                    column("e", ScalarType.I32)),
                table("b", column("c", ScalarType.I32)),
                table("c", column("c", ScalarType.I32))));

    assertEquals(6, problems.size(), problems::toString);
  }

  // Tables that are distributed; CitusIT has the rest

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

  // Tables of the service's own

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

  // Helpers

  @FunctionalInterface
  private interface UserTest {
    void run(String user) throws SQLException;
  }

  /** Runs as a user of its own, who may do nothing but look into the schema. */
  private void asUser(String name, UserTest test) throws SQLException {
    database.assumeSuperuser("create a role");
    String user = Identifiers.quote(name + " " + database.name());
    sql(
        "CREATE ROLE " + user,
        "GRANT USAGE ON SCHEMA public TO " + user,
        "GRANT ALL ON " + OWN.name() + ", " + QuarantineTable.TABLE.name() + " TO " + user);
    try {
      sql("SET ROLE " + user);
      test.run(user);
    } finally {
      sql("RESET ROLE", "DROP OWNED BY " + user, "DROP ROLE " + user);
    }
  }

  private void assertProblems(Schema schema, String... expected) throws SQLException {
    assertEquals(String.join("\n", expected), String.join("\n", problems(schema)));
  }

  private List<String> problems(Schema schema) throws SQLException {
    return DatabaseTables.rehearse(connection, schema).problems();
  }

  private void assertNothingToDo(Schema schema) throws SQLException {
    Plan plan = DatabaseTables.prepare(connection, schema);
    assertFits(plan);
    assertEquals(List.of(), plan.statements());
    assertTrue(connection.getAutoCommit());
  }

  private static void assertFits(Plan plan) {
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.warnings());
  }

  private void sql(String... statements) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      for (String statement : statements) {
        sql.execute(statement);
      }
    }
  }

  private List<String> query(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(query)) {
      while (row.next()) {
        rows.add(row.getString(1));
      }
    }
    return rows;
  }

  private static Schema schema(Table... tables) {
    return new Schema(List.of(tables), Map.of(), null);
  }

  private static Table table(String name, Column... columns) {
    return new Table(name, 0, List.of(columns));
  }

  private static Table distributed(String name) {
    Column column = column("c", ScalarType.STRING, true, true);
    return new Table(name, 0, List.of(column), null, column);
  }

  private static Column column(String name, ColumnType type) {
    return column(name, type, false, false);
  }

  private static Column brin(String name, ColumnType type) {
    return new Column(name, type, null, Index.BRIN, false, 0);
  }

  private static Column column(String name, ColumnType type, boolean indexed, boolean required) {
    return new Column(name, type, null, indexed ? Index.DEFAULT : Index.NONE, required, 0);
  }
}

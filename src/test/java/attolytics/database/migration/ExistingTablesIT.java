package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.database.Migration;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.DefaultValue;
import attolytics.schema.EpochUnit;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.StringType;
import attolytics.schema.TimestampType;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables that exist: what a start accepts, refuses, and suggests. */
class ExistingTablesIT extends DatabaseTablesFixture {
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
    "TIMESTAMP, timestamptz(6)",
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

  @Test
  void plan_timestampWithLessThanMicroseconds_isAWarning() throws SQLException {
    sql("CREATE TABLE t (c timestamptz(3), d timestamptz(6), e timestamptz)");

    Plan plan =
        DatabaseTables.prepare(
            connection,
            schema(
                table(
                    "t",
                    column("c", ScalarType.TIMESTAMP),
                    column("d", ScalarType.TIMESTAMP),
                    column("e", ScalarType.TIMESTAMP))));

    assertEquals(List.of(), plan.problems());
    assertEquals(
        List.of(
            "table \"t\", column \"c\" is TIMESTAMPTZ with a precision of 3, to which the database rounds; to keep"
                + " microseconds, ALTER TABLE \"t\" ALTER COLUMN \"c\" TYPE TIMESTAMPTZ"),
        plan.warnings());
  }

  /** A cast to VARCHAR(n) would cut without a word. */
  @Test
  void plan_otherTypeThanStringOfALength_isChangedOnlyIfAllFits() throws SQLException {
    sql("CREATE TABLE t (c int8)", "INSERT INTO t VALUES (1234567)");
    Schema schema = schema(table("t", column("c", new StringType(5, List.of()))));
    String problem = problems(schema).get(0);
    String statement = problem.substring(problem.indexOf("ALTER TABLE"));

    assertEquals(
        "ALTER TABLE \"t\" ALTER COLUMN \"c\" TYPE VARCHAR(5) USING \"c\"::VARCHAR", statement);
    SQLException refused = assertThrows(SQLException.class, () -> sql(statement));
    assertEquals("22001", refused.getSQLState());
    sql("UPDATE t SET c = 12345");
    sql(statement);
    assertFits(DatabaseTables.prepare(connection, schema));
    assertEquals(List.of("12345"), query("SELECT c FROM t"));
  }

  @Test
  void plan_arrayWhoseCastRounds_saysSo() throws SQLException {
    sql("CREATE TABLE t (c float8[], d text[])");
    Column rounded = column("c", Objects.requireNonNull(ColumnType.named("i64[]")));
    Column parsed = column("d", Objects.requireNonNull(ColumnType.named("i64[]")));

    List<String> problems = problems(schema(table("t", rounded, parsed)));

    assertTrue(
        problems.get(0).endsWith("::INT8[], which rounds to whole numbers"), problems.get(0));
    assertTrue(problems.get(1).endsWith("::INT8[]"), problems.get(1));
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
    sql("ALTER TABLE \"t\" ALTER COLUMN \"c\" DROP EXPRESSION");
    assertNothingToDo(schema(table("t", column("c", ScalarType.I32))));
  }

  /** The server refuses to make it a plain one. */
  @Test
  void plan_virtualGeneratedColumn_cannotBeNamed() throws SQLException {
    assumeTrue(
        connection.getMetaData().getDatabaseMajorVersion() >= 18, "all are stored before 18");
    sql("CREATE TABLE t (a int4, c int4 GENERATED ALWAYS AS (a * 2) VIRTUAL)");

    assertProblems(
        schema(table("t", column("c", ScalarType.I32))),
        "table \"t\", column \"c\" is generated from other columns, so that no value can be written"
            + " to it; remove it from the schema file");
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
}

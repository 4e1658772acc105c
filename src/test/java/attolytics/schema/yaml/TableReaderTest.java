package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables: their names, schemas and distribution columns. */
class TableReaderTest extends SchemaFileFixture {
  @Test
  void read_tooManyColumns() {
    assertProblems(
        "tables: {events: {columns: [" + "x,".repeat(1601) + "]}}\n" + APPS,
        "1:28: table `events` has more than 1600 columns");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "JSON")
  void read_distributeBy(ScalarType type) throws Exception {
    String columns = "{name: x}, {name: y, required: true, type: " + type.schemaName() + "}";
    Table table = read(distributed("y", columns)).tables().get(0);

    assertSame(table.column("y"), table.distributeBy());
    assertNull(read(TABLES + APPS).tables().get(0).distributeBy());
  }

  @Test
  void read_distributeBy_unsuitableColumn_isRefused() {
    String what = "1:29: table `t`: distribute_by";
    String at = what + ": ";
    assertProblems(
        distributed("y", "{name: x}, {name: yy}"), at + "undefined column `y`; did you mean `yy`?");
    assertProblems(distributed("user", "{name: x}"), at + "undefined column `user`, expected `x`");
    assertProblems(
        distributed("x", "{name: x}"),
        at + "column `x` must be `required: true`, as the distribution column cannot be NULL");
    assertProblems(
        distributed("x", "{name: x, type: json, required: true}"),
        at + "column `x` is of type json, which cannot be a distribution column");
    assertProblems(distributed("[x]", "{name: x}"), what + " must be a name, but is a list");
    assertProblems(distributed("''", "{name: x}"), what + " is empty");
  }

  /** Only the problem of the column itself is reported. */
  @Test
  void read_distributeBy_invalidColumn_isReportedOnce() {
    assertProblems(
        distributed("x", "{name: x, type: json5, required: true}"),
        "1:58: unknown type `json5`; did you mean `json`?");
  }

  @Test
  void read_schema() throws Exception {
    assertEquals("Game \"A\"", read(inSchema("'Game \"A\"'")).tables().get(0).schema());
    assertEquals("2024", read(inSchema("2024")).tables().get(0).schema());
    assertNull(read(TABLES + APPS).tables().get(0).schema());
  }

  @Test
  void read_unsuitableSchema_isRefused() {
    String at = "1:22: table `t`: ";
    assertProblems(inSchema("[a]"), at + "schema must be a name, but is a list");
    assertProblems(inSchema("''"), at + "schema is empty");
    assertProblems(inSchema("null"), at + "schema is null; put it in quotes if it is a name");
    assertProblems(inSchema("pg_games"), at + "the schema `pg_games` is reserved for PostgreSQL");
    assertProblems(
        inSchema("information_schema"),
        at + "the schema `information_schema` is reserved for PostgreSQL");
    assertProblems(
        inSchema("s".repeat(64)),
        at + "schema has 64 bytes in UTF-8; the maximum of PostgreSQL is 63");
    assertProblems(
        "tables: {t: {shema: a, columns: [{name: x}]}}\napps: {a: {secret_key: s, tables: [t]}}",
        "1:14: unknown key `shema`; did you mean `schema`?");
  }

  /** An event names a table without its schema. */
  @Test
  void read_sameNameInTwoSchemas_isRefused() {
    assertProblems(
        "tables: {t: {schema: a, columns: [{name: x}]}, t: {schema: b, columns: [{name: x}]}}\n"
            + "apps: {a: {secret_key: s, tables: [t]}}",
        "1:48: key `t` is already defined on line 1");
  }

  @Test
  void read_tableWithProblems_isStillDefined() {
    assertProblems(
        "tables: {events: {columns: []}}\n" + APPS, "1:28: table `events` has no columns");
  }

  private static String inSchema(String name) {
    return "tables: {t: {schema: %s, columns: [{name: x}]}}\napps: {a: {secret_key: s, tables: [t]}}"
        .formatted(name);
  }

  private static String distributed(String by, String columns) {
    return "tables: {t: {distribute_by: %s, columns: [%s]}}\napps: {a: {secret_key: s, tables: [t]}}"
        .formatted(by, columns);
  }
}

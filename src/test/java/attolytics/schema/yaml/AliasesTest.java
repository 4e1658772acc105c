package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** YAML's anchors and aliases, and its merge keys, which are refused. */
class AliasesTest extends SchemaFileFixture {
  @ParameterizedTest
  @ValueSource(strings = {"<<: *a", "<<: [*a]", "? <<\n : *a", "!!merge x: *a", "<<: x"})
  void read_mergeKeys_areRefused(String merge) {
    String problem = problems("tables: &a\n " + merge + "\n" + APPS).get(0);

    assertTrue(problem.startsWith("2:"), problem);
    assertTrue(problem.contains("merge keys (`<<`) are not supported; repeat the keys"), problem);
  }

  @Test
  void read_quotedMergeKey_isAName() throws Exception {
    assertEquals(
        "<<",
        read("tables: {'<<': {columns: [{name: x}]}}\n" + APPS.replace("events", "'<<'"))
            .tables()
            .get(0)
            .name());
  }

  @Test
  void read_aliases() throws Exception {
    Schema schema =
        read(
            """
            tables:
              a: {columns: [&id {name: id, type: i64}, {name: x}]}
              b: {columns: [{name: y}, *id]}
              c: &c {columns: &columns [{name: z}]}
              d: *c
              e: {columns: *columns}
            apps:
              a: {secret_key: &key s, tables: &tables [a, e]}
              b: {secret_key: *key, tables: *tables}
            """);

    assertEquals(
        new Column("id", ScalarType.I64, null, Index.NONE, false, 1),
        schema.tables().get(1).columns().get(1));
    assertEquals("z", schema.tables().get(4).columns().get(0).name());
    assertTrue(app(schema, "b").accepts("s"));
  }

  @Test
  void read_aliasedProblem_isReportedOnce() {
    assertProblems(
        "tables:\n a: &a {columns: [{name: x, typ: y}]}\n b: {columns: []}\n events: *a\n" + APPS,
        "2:29: unknown key `typ`; did you mean `type`?",
        "3:15: table `b` has no columns");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "&x {tables: *x, apps: *x}",
        "tables: &x {events: {columns: [*x]}}",
        "tables: {events: &x {columns: &y [*y, *x]}}",
        "tables: {events: {columns: [&x {name: *x, type: *x, header: *x, indexed: *x}]}}",
        "apps: &x {a: *x}",
        "apps: {a: &x {secret_key: &y [*y, *x], tables: *y}}",
        "&x *x",
        "&x {<<: *x}",
        "tables: &x {<<: *x}",
        "tables: {events: &x {<<: [*x, *x]}}",
        "tables: {<<: x}",
        "tables: {<<: [x]}",
        "&x ? *x\n: y"
      })
  void read_recursion(String yaml) {
    assertFalse(problems(yaml).isEmpty());
  }

  @Test
  void read_tooManyAliases() {
    String yaml = "tables: {a: &a {columns: [{name: x}]}, " + "b: *a, ".repeat(2000) + "}\n" + APPS;

    assertTrue(problems(yaml).get(0).contains("not valid YAML: Number of aliases"));
  }
}

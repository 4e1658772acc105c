package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.App;
import attolytics.schema.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** A schema file for each test, and its problems without the name of the file. */
abstract class SchemaFileFixture {
  static final String TABLES =
      """
      tables:
        events:
          columns:
            - name: platform
      """;

  static final String APPS =
      """
      apps:
        myapp:
          secret_key: geheim
          tables: [events]
      """;

  static final Map<String, String> ENVIRONMENT =
      Map.of(
          "KEY", "from-environment",
          "EMPTY", "",
          "LF", "a\nb\n",
          "CRLF", "key\r\n",
          "TWO", "key\n\n",
          "BREAK", "\n");

  @TempDir Path directory;

  Path file(String yaml) {
    try {
      return Files.writeString(directory.resolve("s.yaml"), yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  Schema read(String yaml) throws SchemaException {
    return SchemaFile.read(file(yaml), ENVIRONMENT);
  }

  static App app(Schema schema, String id) {
    App app = schema.apps().get(id);
    assertNotNull(app);
    return app;
  }

  /** The problems, without the file's name. */
  List<String> problems(String yaml) {
    Path file = file(yaml);
    return problemsOf(file).stream()
        .map(
            problem -> {
              assertTrue(problem.startsWith(file + ":"), problem);
              return problem.substring(file.toString().length() + 1);
            })
        .toList();
  }

  static List<String> problemsOf(Path file) {
    SchemaException e =
        assertThrows(SchemaException.class, () -> SchemaFile.read(file, ENVIRONMENT));
    return e.problems();
  }

  void assertProblems(String yaml, String... expected) {
    assertEquals(String.join("\n", expected), String.join("\n", problems(yaml)));
  }

  String columnProblem(String column) {
    String yaml =
        "tables: {t: {columns: [" + column + "]}}\napps: {a: {secret_key: s, tables: [t]}}";
    List<String> problems = problems(yaml);
    assertEquals(1, problems.size(), problems::toString);
    return problems.get(0);
  }

  void assertColumnProblem(String column, String expected) {
    String problem = columnProblem(column);
    assertTrue(problem.contains(expected), problem);
  }

  void assertAppProblem(String field, String expected) {
    List<String> problems = problems(withApp(field));
    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.get(0).contains(expected), problems.get(0));
  }

  static String withApp(String field) {
    return TABLES + "apps:\n  a:\n    secret_key: s\n    tables: [events]\n    " + field;
  }
}

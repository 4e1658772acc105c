package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/** Any bytes are either read as a schema file or refused with problems. */
class SchemaFileFuzz {
  private static final Pattern PROBLEM = Pattern.compile(":[1-9]\\d*:[1-9]\\d*: .+");

  private final Path directory;

  SchemaFileFuzz() throws IOException {
    directory = Files.createTempDirectory("schema");
    directory.toFile().deleteOnExit();
  }

  @FuzzTest
  @DictionaryEntries({
    "tables:",
    "columns:",
    "schema:",
    "partition_by:",
    "deduplicate_by:",
    "distribute_by:",
    "retention:",
    "90 days",
    "interval:",
    "day",
    "week",
    "month",
    "column:",
    "brin",
    "ms",
    "received_at",
    "client_ip",
    "app_id",
    "invalid_events:",
    "quarantine",
    "refuse",
    "field:",
    "default:",
    "values:",
    "max_length:",
    "unit:",
    "rest:",
    "source:",
    "numeric",
    "inet",
    "i64[]",
    "name:",
    "type:",
    "header:",
    "indexed:",
    "required:",
    "apps:",
    "secret_key:",
    "access_control_allow_origin:",
    "validation:",
    "strict",
    "lenient",
    "database_url:",
    "env:KEY",
    "env:NONE",
    "i32",
    "i64",
    "f32",
    "f64",
    "string",
    "timestamp",
    "date",
    "uuid",
    "json",
    "bool",
    "true",
    "false",
    "null",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!str ",
    "|",
    ">",
    "? ",
    "<<: ",
    "---",
    "%YAML 1.2",
    "\"\\u0000\""
  })
  void read(byte[] yaml) throws IOException {
    Path file = directory.resolve("schema.yaml");
    Files.write(file, yaml);
    try {
      checkSchema(SchemaFile.read(file, Map.of("KEY", "sesame")));
    } catch (SchemaException e) {
      assertFalse(e.problems().isEmpty());
      for (String problem : e.problems()) {
        assertTrue(problem.startsWith(file + ":"), problem);
        assertTrue(PROBLEM.matcher(problem.substring(file.toString().length())).matches(), problem);
      }
    }
  }

  /** The schema is consistent. */
  private static void checkSchema(Schema schema) {
    for (Table table : schema.tables()) {
      assertSame(table, schema.tables().get(table.ordinal()));
      checkName(table.name());
      if (table.schema() != null) {
        checkName(table.schema());
      }
      assertFalse(table.columns().isEmpty());
      for (Column column : table.columns()) {
        assertSame(column, table.columns().get(column.ordinal()));
        assertSame(column, table.column(column.name()));
        checkName(column.name());
        assertNotEquals("_t", column.name());
        assertTrue(column.header() == null || column.type() == ScalarType.STRING);
      }
    }
    for (App app : schema.apps().values()) {
      assertTrue(schema.tables().containsAll(app.tables()));
      assertFalse(app.accepts(""));
    }
  }

  private static void checkName(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    assertTrue(bytes >= 1 && bytes <= 63 && name.indexOf('\0') < 0, name);
  }
}

package attolytics.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The examples with which the READMEs of the clients begin, beside the file that they import. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class ReadmesIT {
  private static final Path JS = Path.of("clients", "js");
  private static final Path PYTHON = Path.of("clients", "python");

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service = RunningService.start(Files.readString(Path.of("schema-example.conf.yaml")), "");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @BeforeEach
  void clear() throws Exception {
    service.execute("TRUNCATE events");
  }

  @Test
  void javaScript_storesItsEvent(@TempDir Path project) throws Exception {
    Interpreter node = Interpreter.node();
    Files.copy(JS.resolve("attolytics.js"), project.resolve("attolytics.mjs"));
    String example = example(JS).replace("./attolytics.js", "./attolytics.mjs");
    assertStores(node, project, Files.writeString(project.resolve("example.mjs"), example));
  }

  @Test
  void python_storesItsEvent(@TempDir Path project) throws Exception {
    Interpreter python = Interpreter.python();
    Files.copy(PYTHON.resolve("attolytics.py"), project.resolve("attolytics.py"));
    String example = example(PYTHON);
    assertStores(python, project, Files.writeString(project.resolve("example.py"), example));
  }

  private String example(Path client) throws Exception {
    Matcher block =
        Pattern.compile("```\\w+\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(client.resolve("README.md")));
    assertTrue(block.find());
    return block.group(1).replace("localhost:8000", "localhost:" + service.service().port());
  }

  private void assertStores(Interpreter interpreter, Path project, Path example) throws Exception {
    Path output = project.resolve("output");
    int exitCode = interpreter.start(project, output, example).waitFor();
    assertEquals(0, exitCode, Files.readString(output));
    assertEquals("start", service.query("SELECT string_agg(event_type, ' ') FROM events"));
  }
}

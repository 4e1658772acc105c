package attolytics.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.HeadlessBrowser;
import attolytics.app.RunningService;
import com.microsoft.playwright.Page;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples with which the READMEs of the clients begin, beside the file that they import. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class ReadmesIT {
  private static final Path JS = Path.of("clients", "js");
  private static final Path PYTHON = Path.of("clients", "python");
  private static final Pattern ORIGIN =
      Pattern.compile("access_control_allow_origin: \\S+$", Pattern.MULTILINE);

  /** Where the README of the JavaScript client lets a page be served. */
  private static final String PAGE_HOST = "localhost:8080";

  private TrackingSite site;
  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    site = new TrackingSite();
    String schema = Files.readString(Path.of("schema-example.conf.yaml"));
    service = RunningService.start(ORIGIN.matcher(schema).replaceFirst(origin()), "");
    site.serve("/index.html", "text/html", block(JS, "html"));
    site.serve("/example.js", "text/javascript", example(JS, "js"));
  }

  /** The line for the schema file, with the origin of the site. */
  private String origin() throws Exception {
    return block(JS, "yaml").strip().replace(PAGE_HOST, "localhost:" + site.port());
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
    site.close();
  }

  @BeforeEach
  void clear() throws Exception {
    service.execute("TRUNCATE events");
  }

  @Test
  void javaScript_storesItsEvent(@TempDir Path project) throws Exception {
    Interpreter node = Interpreter.node();
    Files.copy(JS.resolve("attolytics.js"), project.resolve("attolytics.mjs"));
    String example = example(JS, "js").replace("./attolytics.js", "./attolytics.mjs");
    assertStores(node, project, Files.writeString(project.resolve("example.mjs"), example));
  }

  @Test
  void javaScript_storesItsEventFromAPage() throws Exception {
    try (HeadlessBrowser browser = HeadlessBrowser.open()) {
      browser.newPage().navigate("http://localhost:" + site.port() + "/index.html");
      Eventually.await("the event is stored", () -> stored().equals("start"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"blocked by CORS policy", "Attolytics retries no_answer"})
  void pageOfAnotherOrigin_isBlockedAsTheReadmeSays(String message) throws Exception {
    try (HeadlessBrowser browser = HeadlessBrowser.open()) {
      Page page = browser.newPage();
      page.waitForConsoleMessage(
          new Page.WaitForConsoleMessageOptions()
              .setPredicate(logged -> logged.text().contains(message)),
          () -> page.navigate("http://127.0.0.1:" + site.port() + "/index.html"));
    }
    assertEquals("", stored());
  }

  @Test
  void python_storesItsEvent(@TempDir Path project) throws Exception {
    Interpreter python = Interpreter.python();
    Files.copy(PYTHON.resolve("attolytics.py"), project.resolve("attolytics.py"));
    String example = example(PYTHON, "python");
    assertStores(python, project, Files.writeString(project.resolve("example.py"), example));
  }

  private String example(Path client, String language) throws Exception {
    return block(client, language)
        .replace("localhost:8000", "localhost:" + service.service().port());
  }

  /** The first block of a README in this language. */
  private static String block(Path client, String language) throws Exception {
    Matcher block =
        Pattern.compile("```" + language + "\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(client.resolve("README.md")));
    assertTrue(block.find());
    return block.group(1);
  }

  private void assertStores(Interpreter interpreter, Path project, Path example) throws Exception {
    Path output = project.resolve("output");
    int exitCode = interpreter.start(project, output, example).waitFor();
    assertEquals(0, exitCode, Files.readString(output));
    assertEquals("start", stored());
  }

  private String stored() throws Exception {
    return service.query("SELECT coalesce(string_agg(event_type, ' '), '') FROM events");
  }
}

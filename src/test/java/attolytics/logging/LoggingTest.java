package attolytics.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.settings.LogFormat;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.KeyValuePair;

class LoggingTest {
  private static final String TIME =
      "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d)";

  // Of its own, as the tests themselves log by another file.
  private final LoggerContext context = new LoggerContext();

  @BeforeEach
  void setUp() {
    LogSetup.setUp(context);
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @ParameterizedTest
  @CsvSource({
    "-1, ERROR, ERROR, ERROR, ERROR",
    "0, INFO, INFO, WARN, ERROR",
    "1, DEBUG, INFO, WARN, WARN",
    "2, TRACE, DEBUG, DEBUG, DEBUG"
  })
  void configure_setsTheLevels(
      int verbosity, String service, String others, String server, String driver) {
    Logging.configure(context, verbosity, LogFormat.TEXT);
    assertEquals(Level.valueOf(service), level("attolytics.cli.Main"));
    assertEquals(Level.valueOf(others), level("com.example"));
    assertEquals(Level.valueOf(server), level("org.xnio.nio"));
    assertEquals(Level.valueOf(server), level("com.zaxxer.hikari.pool.HikariPool"));
    assertEquals(Level.valueOf(driver), level("org.postgresql.Driver"));
    assertEquals(Level.valueOf(driver), level("com.zaxxer.hikari.pool.ProxyConnection"));
    assertEquals(
        verbosity <= 0 ? Level.OFF : Level.valueOf(driver),
        level("com.zaxxer.hikari.pool.PoolBase"));
    assertFalse(
        context.getLogger("com.zaxxer.hikari.HikariConfig").isDebugEnabled(), "sslpassword");
  }

  @Test
  void line_hasTimeLevelNameAndMessage() {
    Logging.configure(context, 0, LogFormat.TEXT);
    assertEquals("<time> WARN  Main: a message\n", line("a message", null));
  }

  @Test
  void line_ofAnExceptionHasItsKindAndPlace_andNotItsWords() {
    Logging.configure(context, 0, LogFormat.TEXT);
    String line = line("a message", new IllegalStateException("s3cr3t"));
    assertTrue(
        line.matches(
            "<time> WARN  Main: a message \\(java\\.lang\\.IllegalStateException"
                + " at attolytics\\.logging\\.LoggingTest\\.line_\\w+\\(LoggingTest\\.java:\\d+\\)\\)\n"),
        line);
  }

  @Test
  void line_hidesPasswords() {
    Logging.configure(context, 0, LogFormat.TEXT);
    assertEquals(
        "<time> WARN  Main: no postgres://***@h/d\n", line("no postgres://u:s3cr3t@h/d", null));
  }

  @Test
  void line_underVerboseHasTheStackTraceWithoutPasswords() {
    Logging.configure(context, 1, LogFormat.TEXT);
    List<String> lines =
        line("a message", new IllegalStateException("no postgres://u:s3cr3t@h/d")).lines().toList();
    assertTrue(lines.get(0).startsWith("<time> WARN  Main: a message ("), lines.get(0));
    assertEquals("java.lang.IllegalStateException: no postgres://***@h/d", lines.get(1));
    assertTrue(lines.get(2).startsWith("\tat attolytics.logging.LoggingTest."), lines.get(2));
  }

  @Test
  void line_isOneWhateverTheMessageHolds() {
    Logging.configure(context, 0, LogFormat.TEXT);
    assertEquals("<time> WARN  Main: a b c d\n", line("a\n  b\r\nc\u2028d", null));
  }

  @Test
  void json_isAnObjectALine() throws IOException {
    Logging.configure(context, 0, LogFormat.JSON);
    String line = line("no \"a\"\npostgres://u:s3cr3t@h/d", new IllegalStateException("why"));
    assertEquals(1, line.lines().count(), line);
    Map<String, String> fields = fields(line);
    assertEquals(
        List.of("time", "level", "logger", "message", "exception"), List.copyOf(fields.keySet()));
    Instant.parse(fields.get("time"));
    assertEquals("WARN", fields.get("level"));
    assertEquals("attolytics.cli.Main", fields.get("logger"));
    assertEquals("no \"a\"\npostgres://***@h/d", fields.get("message"));
  }

  @Test
  void json_hasWhatWasAddedByName_andUnderVerboseTheStackTraceWithoutPasswords()
      throws IOException {
    Logging.configure(context, 1, LogFormat.JSON);
    LoggingEvent event = event("a message", new IllegalStateException("postgres://u:s3cr3t@h/d"));
    event.addKeyValuePair(new KeyValuePair("error_id", "0123abcd"));
    Map<String, String> fields = fields(encode(event));
    assertEquals("0123abcd", fields.get("error_id"));
    String stack = String.valueOf(fields.get("stack"));
    assertTrue(stack.startsWith("java.lang.IllegalStateException: postgres://***@h/d"), stack);
    assertTrue(stack.contains("at attolytics.logging.LoggingTest."), stack);
  }

  @Test
  void line_inTheJournalHasItsPriorityAndNoTime() {
    Encoder<ILoggingEvent> journal = LogSetup.encoder(context, LogFormat.TEXT, true, true);
    LoggingEvent event = event("a message", new IllegalStateException("why"));
    List<String> lines = new String(journal.encode(event), StandardCharsets.UTF_8).lines().toList();
    assertTrue(lines.get(0).startsWith("<4>WARN  Main: a message ("), lines.get(0));
    assertTrue(lines.size() > 2, lines::toString);
    lines.forEach(line -> assertTrue(line.startsWith("<4>"), line));
  }

  @Test
  void jsonInTheJournal_hasItsPriority() {
    Encoder<ILoggingEvent> journal = LogSetup.encoder(context, LogFormat.JSON, true, true);
    byte[] line = journal.encode(event("a message", null));
    assertTrue(new String(line, StandardCharsets.UTF_8).startsWith("<4>{\"time\""));
  }

  @Test
  void journal_isTheFileThatSystemdNames(@TempDir Path directory) throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    String id = Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");
    assertTrue(Journal.isFile(id, file));
    assertFalse(Journal.isFile(id, directory));
    assertFalse(Journal.isFile("", file));
    assertFalse(Journal.isFile(id, directory.resolve("none")));
  }

  private static Map<String, String> fields(String line) throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    try (JsonParser json = new JsonFactory().createParser(line)) {
      assertEquals(JsonToken.START_OBJECT, json.nextToken());
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        fields.put(name, json.getText());
      }
    }
    return fields;
  }

  private String line(String message, @Nullable Throwable thrown) {
    return encode(event(message, thrown)).replaceFirst("^" + TIME, "<time>");
  }

  private LoggingEvent event(String message, @Nullable Throwable thrown) {
    Logger logger = context.getLogger("attolytics.cli.Main");
    return new LoggingEvent("", logger, Level.WARN, message, thrown, null);
  }

  private String encode(LoggingEvent event) {
    ConsoleAppender<ILoggingEvent> appender =
        (ConsoleAppender<ILoggingEvent>)
            context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(LogSetup.APPENDER);
    return new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);
  }

  private Level level(String logger) {
    return context.getLogger(logger).getEffectiveLevel();
  }
}

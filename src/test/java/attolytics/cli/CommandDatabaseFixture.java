package attolytics.cli;

import attolytics.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A database for each test, and a directory for what a command reads. */
@Timeout(120)
abstract class CommandDatabaseFixture {
  @TempDir Path directory;

  TestDatabase database;

  @BeforeEach
  void createDatabase() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    database.close();
  }

  Path file(String yaml) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "schema", ".yaml"), yaml);
  }

  /** The arguments behind others, such as a command. */
  static String[] with(String[] args, String... before) {
    return Stream.concat(Stream.of(before), Stream.of(args)).toArray(String[]::new);
  }

  void sql(String... statements) throws SQLException {
    database.execute(statements);
  }

  List<String> query(String query) throws SQLException {
    return database.rows(query);
  }
}

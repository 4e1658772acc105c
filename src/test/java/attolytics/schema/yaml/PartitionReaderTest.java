package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.schema.PartitionInterval;
import attolytics.schema.Partitioning;
import attolytics.schema.Retention;
import attolytics.schema.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code partition_by} and {@code retention} of a schema file. */
class PartitionReaderTest {
  @TempDir private Path directory;

  private Path file(String more) {
    String yaml =
        """
        tables:
          t:
            columns:
              - {name: time, type: timestamp, required: true}
              - {name: day, type: date, required: true}
              - {name: at, type: timestamp}
              - {name: s, required: true}
        %s
        apps: {a: {secret_key: s, tables: [t]}}
        """
            .formatted(more);
    try {
      return Files.writeString(directory.resolve("schema.yaml"), yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Table read(String more) throws SchemaException {
    return SchemaFile.read(file(more), Map.of()).tables().get(0);
  }

  private void assertProblems(String more, String... expected) {
    Path file = file(more);
    SchemaException e = assertThrows(SchemaException.class, () -> SchemaFile.read(file, Map.of()));
    assertEquals(
        List.of(expected),
        e.problems().stream()
            .map(problem -> problem.substring(file.toString().length() + 1))
            .toList());
  }

  @ParameterizedTest
  @CsvSource({
    "time, day, DAY, 90 days, 90, DAYS",
    "day, week, WEEK, 12 weeks, 12, WEEKS",
    "time, month, MONTH, 1 month, 1, MONTHS"
  })
  void everythingGiven_isRead(
      String column,
      String interval,
      PartitionInterval readInterval,
      String retention,
      int amount,
      ChronoUnit unit)
      throws SchemaException {
    Table table =
        read(
            "    partition_by: {column: %s, interval: %s}\n    retention: %s"
                .formatted(column, interval, retention));

    assertEquals(
        new Partitioning(
            table.columns().get(column.equals("time") ? 0 : 1),
            readInterval,
            new Retention(amount, unit)),
        table.partitioning());
  }

  @Test
  void retention_mayBeLeftOut_andBoth() throws SchemaException {
    Table table = read("    partition_by: {column: time, interval: day}");

    assertEquals(
        new Partitioning(table.columns().get(0), PartitionInterval.DAY, null),
        table.partitioning());
    assertNull(read("").partitioning());
  }

  @Test
  void retentionAlone_isAProblem() {
    assertProblems(
        "    retention: 90 days",
        "8:16: table `t`: retention takes partition_by: what is past it is dropped by the partition,"
            + " rows are never deleted");
  }

  @Test
  void allProblems_areToldTogether() {
    assertProblems(
        "    partition_by: {colum: time, interval: dy}\n    retention: 90",
        "8:19: table `t`: partition_by lacks the key `column`",
        "8:20: unknown key `colum`; did you mean `column`?",
        "8:43: table `t`: unknown interval `dy`; did you mean `day`?",
        "9:16: table `t`: retention has to be like `90 days`, `12 weeks` or `6 months`, 9999 at most,"
            + " but is `90`");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tim | table `t`: partition_by names the undefined column `tim`; did you mean `time`?",
        "s   | table `t`: partition_by: column `s` is of type string, but has to be timestamp or date",
        "at  | table `t`: partition_by: column `at` has to be `required: true`: an event without a"
            + " time has no partition"
      })
  void column_isARequiredTime(String column, String problem) {
    assertProblems(
        "    partition_by: {column: %s, interval: day}".formatted(column), "8:28: " + problem);
  }

  /** Its type is wrong, and that is told; that it is not defined would be wrong. */
  @Test
  void columnThatCannotBeRead_isOneProblem() {
    Path file = file("    partition_by: {column: u, interval: day}");
    SchemaException e =
        assertThrows(
            SchemaException.class,
            () ->
                SchemaFile.read(
                    Files.writeString(
                        file,
                        Files.readString(file)
                            .replace(
                                "- {name: s,", "- {name: u, type: timestmp}\n      - {name: s,")),
                    Map.of()));
    assertEquals(1, e.problems().size(), e::getMessage);
  }

  @Test
  void wrongKinds_areProblems() {
    assertProblems(
        "    partition_by: time",
        "8:19: table `t`: partition_by has to be a map (`key: value`), but is a string");
    assertProblems(
        "    partition_by: {column: [time], interval: {}}\n    retention: [1]",
        "8:28: table `t`: partition_by: column has to be a name, but is a list",
        "8:46: table `t`: partition_by: interval has to be a name, but is a map",
        "9:16: table `t`: retention has to be a string, but is a list");
  }

  @ParameterizedTest
  @CsvSource({"week, 6 days", "month, 30 days", "month, 4 weeks"})
  void retention_thatIsShorterThanAPartition_isAProblem(String interval, String retention) {
    assertProblems(
        "    partition_by: {column: time, interval: %s}\n    retention: %s"
            .formatted(interval, retention),
        "9:16: table `t`: retention is %s, but has to be as long as a partition at least, a %s"
            .formatted(retention, interval));
  }

  @ParameterizedTest
  @CsvSource({"day, 1 day", "week, 7 days", "week, 1 month", "month, 31 days", "month, 5 weeks"})
  void retention_thatIsAsLongAsAPartition_isTaken(String interval, String retention)
      throws SchemaException {
    Table table =
        read(
            "    partition_by: {column: time, interval: %s}\n    retention: %s"
                .formatted(interval, retention));
    assertEquals(
        Retention.parse(retention), Objects.requireNonNull(table.partitioning()).retention());
  }
}

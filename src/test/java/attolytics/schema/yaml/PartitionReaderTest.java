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
  void partitioning_andRetention_areOptional() throws SchemaException {
    Table table = read("    partition_by: {column: time, interval: day}");

    assertEquals(
        new Partitioning(table.columns().get(0), PartitionInterval.DAY, null),
        table.partitioning());
    assertNull(read("").partitioning());
  }

  @Test
  void retention_withoutPartitioning_isRefused() {
    assertProblems(
        "    retention: 90 days",
        "8:16: table `t`: retention requires partition_by: expired partitions are dropped,"
            + " rows are never deleted");
  }

  @Test
  void allProblems_areReportedTogether() {
    assertProblems(
        "    partition_by: {colum: time, interval: dy}\n    retention: 90",
        "8:19: table `t`: partition_by lacks the key `column`",
        "8:20: unknown key `colum`; did you mean `column`?",
        "8:43: table `t`: unknown interval `dy`; did you mean `day`?",
        "9:16: table `t`: retention must be like `90 days`, `12 weeks` or `6 months`, at most 9999,"
            + " but is `90`");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tim | table `t`: partition_by: undefined column `tim`; did you mean `time`?",
        "s   | table `t`: partition_by: column `s` is of type string, but must be timestamp or date",
        "at  | table `t`: partition_by: column `at` must be `required: true`: the partitioning"
            + " column cannot be NULL"
      })
  void column_otherThanRequiredTime_isRefused(String column, String problem) {
    assertProblems(
        "    partition_by: {column: %s, interval: day}".formatted(column), "8:28: " + problem);
  }

  /** Its type is wrong, and only that is reported, not that it is undefined. */
  @Test
  void invalidColumn_isReportedOnce() {
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
  void wrongKinds_areRefused() {
    assertProblems(
        "    partition_by: time",
        "8:19: table `t`: partition_by must be a map (`key: value`), but is a string");
    assertProblems(
        "    partition_by: {column: [time], interval: {}}\n    retention: [1]",
        "8:28: table `t`: partition_by: column must be a name, but is a list",
        "8:46: table `t`: partition_by: interval must be a name, but is a map",
        "9:16: table `t`: retention must be a string, but is a list");
  }

  @ParameterizedTest
  @CsvSource({"week, 6 days", "month, 30 days", "month, 4 weeks"})
  void retention_shorterThanPartition_isRefused(String interval, String retention) {
    assertProblems(
        "    partition_by: {column: time, interval: %s}\n    retention: %s"
            .formatted(interval, retention),
        "9:16: table `t`: retention is %s, but must be at least as long as a partition, a %s"
            .formatted(retention, interval));
  }

  @ParameterizedTest
  @CsvSource({"day, 1 day", "week, 7 days", "week, 1 month", "month, 31 days", "month, 5 weeks"})
  void retention_asLongAsPartition_isAccepted(String interval, String retention)
      throws SchemaException {
    Table table =
        read(
            "    partition_by: {column: time, interval: %s}\n    retention: %s"
                .formatted(interval, retention));
    assertEquals(
        Retention.parse(retention), Objects.requireNonNull(table.partitioning()).retention());
  }
}

package attolytics.schema.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.schema.Column;
import attolytics.schema.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading {@code deduplicate_by}. */
class DeduplicationReaderTest {
  private static final String COLUMNS =
      "{name: event_id, required: true}, {name: time, type: timestamp, required: true}, {name: note},"
          + " {name: source, default: unknown}";

  @TempDir private Path directory;

  private Table read(String keys) throws SchemaException {
    String yaml =
        "tables: {t: {%s, columns: [%s]}}\napps: {a: {secret_key: s, tables: [t]}}"
            .formatted(keys, COLUMNS);
    try {
      Path file = Files.writeString(directory.resolve("schema.yaml"), yaml);
      return SchemaFile.read(file, Map.of()).tables().get(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertColumns(List<String> expected, String keys) throws SchemaException {
    assertEquals(expected, read(keys).deduplicateBy().stream().map(Column::name).toList());
  }

  private void assertProblems(String keys, String... expected) {
    SchemaException refused = assertThrows(SchemaException.class, () -> read(keys));
    String place = "table `t`: deduplicate_by";
    assertEquals(
        List.of(expected).stream().map(problem -> place + problem).toList(),
        refused.problems().stream().map(text -> text.replaceFirst("^\\S+ ", "")).toList());
  }

  @Test
  void read_columnOrList_inTheirOrder() throws Exception {
    assertColumns(List.of("event_id"), "deduplicate_by: event_id");
    assertColumns(List.of("event_id"), "deduplicate_by: [event_id]");
    assertColumns(List.of("time", "event_id"), "deduplicate_by: [time, event_id]");
    assertColumns(List.of("source"), "deduplicate_by: source");
  }

  @Test
  void read_unsuitableColumns_areAllReported() {
    assertProblems(
        "deduplicate_by: [evnt_id, note, time, time, [x]]",
        ": undefined column `evnt_id`; did you mean `event_id`?",
        ": column `note` must be `required: true` or have a `default`: rows without a value would never repeat",
        " names the column `time` twice",
        " must be a name, but is a list");
    assertProblems("deduplicate_by: {x: y}", " must be a name, but is a map");
    assertProblems("deduplicate_by: ''", " is empty");
  }

  @Test
  void read_numberOfColumns_isThatOfAnIndex() {
    assertProblems("deduplicate_by: []", " has 0 columns, expected between 1 and 32");
    String many = IntStream.range(0, 33).mapToObj(i -> "c").collect(Collectors.joining(", "));
    assertProblems("deduplicate_by: [" + many + "]", " has 33 columns, expected between 1 and 32");
  }

  @Test
  void read_partitioningAndDistributionColumn_haveToBeAmongThem() throws Exception {
    String partitioned = "partition_by: {column: time, interval: day}, deduplicate_by: ";
    assertProblems(
        partitioned + "event_id",
        " must contain the partitioning column, `time`: write `deduplicate_by: [event_id, time]`");
    assertColumns(List.of("event_id", "time"), partitioned + "[event_id, time]");

    String distributed = "distribute_by: event_id, deduplicate_by: ";
    assertProblems(
        distributed + "[time]",
        " must contain the distribution column, `event_id`: write"
            + " `deduplicate_by: [time, event_id]`");
    assertColumns(List.of("event_id"), distributed + "event_id");
  }
}

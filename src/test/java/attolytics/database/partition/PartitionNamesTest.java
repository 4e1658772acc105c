package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.Table;
import attolytics.schema.TimeRange;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionNamesTest {
  private static final TimeRange DAY = range("2026-11-25T00:00:00Z");

  private final PartitionNames names = new PartitionNames(List.of());

  private static TimeRange range(String from) {
    return new TimeRange(Instant.parse(from), Instant.MAX);
  }

  @Test
  void name_isThatOfTheTableAndTheFirstDay() {
    assertEquals("events_20261125", names.next("events", DAY));
    assertEquals(
        "events_before_20261125",
        names.next("events", new TimeRange(Instant.MIN, Instant.parse("2026-11-25T00:00:00Z"))));
    assertEquals("events_00010101", names.next("events", range("0001-01-01T00:00:00Z")));
    assertEquals("events_100000101", names.next("events", range("+10000-01-01T00:00:00Z")));
  }

  @Test
  void name_thatIsTaken_isGivenANumber() {
    assertEquals("events_20261125", names.next("events", DAY));
    assertEquals("events_20261125_2", names.next("events", DAY));
    assertEquals("events_20261125_3", names.next("events", DAY));

    Table table = new Table("events_20261125", 0, List.of());
    assertEquals("events_20261125_2", new PartitionNames(List.of(table)).next("events", DAY));
  }

  @Test
  void name_isCutToWhatPostgresTakes_atACharactersEnd() {
    String longest = "x".repeat(63);
    assertEquals("x".repeat(54) + "_20261125", names.next(longest, DAY));
    assertEquals("x".repeat(52) + "_20261125_2", names.next(longest, DAY));

    for (String character : List.of("ä", "€", "😀")) {
      String name = names.next("y" + character.repeat(30), DAY);
      int bytes = name.getBytes(StandardCharsets.UTF_8).length;
      assertTrue(bytes <= 63 && bytes > 59, name);
      assertEquals(-1, name.indexOf('\uFFFD'));
      assertEquals(name, new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    }
  }
}

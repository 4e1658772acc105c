package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import attolytics.schema.ScalarType;
import attolytics.schema.TimeRange;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartitionBoundTest {
  @ParameterizedTest
  @CsvSource({
    "2026-11-25T00:00:00Z, 2026-11-25 00:00:00+00, 2026-11-25",
    "0001-01-01T00:00:00Z, 0001-01-01 00:00:00+00, 0001-01-01",
    "9999-12-31T00:00:00Z, 9999-12-31 00:00:00+00, 9999-12-31",
    "+10000-01-01T00:00:00Z, 10000-01-01 00:00:00+00, 10000-01-01",
    "2024-02-29T00:00:00Z, 2024-02-29 00:00:00+00, 2024-02-29"
  })
  void bounds_areWrittenAsPostgresShowsThem(Instant instant, String time, String day) {
    TimeRange range = new TimeRange(Instant.MIN, instant);
    String ofTimes = "FOR VALUES FROM (MINVALUE) TO ('" + time + "')";
    String ofDays = "FOR VALUES FROM (MINVALUE) TO ('" + day + "')";

    assertEquals(ofTimes, PartitionBound.sql(range, ScalarType.TIMESTAMP));
    assertEquals(ofDays, PartitionBound.sql(range, ScalarType.DATE));
    assertEquals(range, PartitionBound.parse(ofTimes));
    assertEquals(range, PartitionBound.parse(ofDays));
  }

  @Test
  void bounds_ofSomebodyElse_areRead() {
    assertEquals(
        new TimeRange(Instant.parse("2026-11-25T13:14:15.5Z"), Instant.MAX),
        PartitionBound.parse("FOR VALUES FROM ('2026-11-25 13:14:15.5+00') TO (MAXVALUE)"));
    assertEquals(
        new TimeRange(Instant.MIN, Instant.MAX),
        PartitionBound.parse("FOR VALUES FROM ('-infinity') TO ('infinity')"));
    assertEquals(
        new TimeRange(Instant.MIN, Instant.parse("2026-11-25T00:00:00.000001Z")),
        PartitionBound.parse(
            "FOR VALUES FROM ('0044-03-15 00:00:00+00 BC') TO ('2026-11-25 00:00:00.000001+00')"));
  }

  @Test
  void bounds_inTheSessionsTimeZone_areRead() {
    assertEquals(
        new TimeRange(Instant.parse("2026-11-25T03:30:00Z"), Instant.parse("1880-12-31T23:06:32Z")),
        PartitionBound.parse(
            "FOR VALUES FROM ('2026-11-25 00:00:00-03:30') TO ('1881-01-01 00:00:00+00:53:28')"));
  }

  @Test
  void range_isWhatATextEndsWith() {
    assertEquals(
        new TimeRange(Instant.MIN, Instant.MAX),
        PartitionBound.parse("of \"FOR VALUES FROM\" FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"));
    assertNull(PartitionBound.parse("FOR VALUES FROM (MINVALUE) TO (MAXVALUE), but not so"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DEFAULT",
        "FOR VALUES IN ('a')",
        "FOR VALUES WITH (modulus 2, remainder 0)",
        "",
        "FOR VALUES FROM ('2026-01-01', 'x') TO ('2026-02-01', 'x')",
        "FOR VALUES FROM (1) TO (2)",
        // Of a TIMESTAMP, a BIGINT, and a TEXT.
        "FOR VALUES FROM ('2026-01-01 00:00:00') TO ('2026-02-01 00:00:00')",
        "FOR VALUES FROM ('1') TO ('2')",
        "FOR VALUES FROM ('a') TO ('a b')",
        "made by attolytics: partition of \"t\" FOR VALUES FROM ('x') TO ('y')"
      })
  void boundsThatAreNotOfTimes_areNone(String bound) {
    assertNull(PartitionBound.parse(bound));
    assertNull(PartitionBound.parse(null));
  }
}

package attolytics.database.partition;

import attolytics.schema.Table;
import attolytics.schema.TimeRange;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Chooses names for partitions, such as {@code events_20261125}. They are for people: the service
 * goes by a partition's bounds and comment.
 */
public final class PartitionNames {
  private static final int MAX_BYTES = 63;

  private static final DateTimeFormatter DAY =
      new DateTimeFormatterBuilder()
          .appendValue(ChronoField.YEAR, 4, 9, SignStyle.NORMAL)
          .appendPattern("MMdd")
          .toFormatter();

  /** In all schemas, which is simpler and does no harm. */
  private static final String TAKEN =
      "SELECT relname FROM pg_catalog.pg_class UNION SELECT typname FROM pg_catalog.pg_type";

  private final Set<String> taken;
  private boolean hasRead;

  /**
   * @param tables to be created, whose names are not available
   */
  public PartitionNames(Collection<Table> tables) {
    taken = new HashSet<>();
    tables.forEach(table -> taken.add(table.name()));
  }

  /** Avoids the names that exist in the database when this is called first. */
  public PartitionNames avoidThoseOf(Connection connection) throws SQLException {
    if (hasRead) {
      return this;
    }
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(TAKEN)) {
      while (row.next()) {
        taken.add(row.getString(1));
      }
    }
    hasRead = true;
    return this;
  }

  /** A unique name. */
  String next(String table, TimeRange range) {
    String suffix =
        range.from().equals(Instant.MIN) ? "_before_" + day(range.to()) : "_" + day(range.from());
    String name = shortened(table, suffix);
    for (int i = 2; !taken.add(name); i++) {
      name = shortened(table, suffix + "_" + i);
    }
    return name;
  }

  private static String day(Instant instant) {
    return instant.equals(Instant.MAX) ? "ever" : DAY.format(instant.atOffset(ZoneOffset.UTC));
  }

  /** Shortened at a character boundary. */
  private static String shortened(String table, String suffix) {
    int end = table.length();
    while (bytes(table.substring(0, end)) + suffix.length() > MAX_BYTES) {
      end = table.offsetByCodePoints(end, -1);
    }
    return table.substring(0, end) + suffix;
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}

package attolytics.torture;

import attolytics.schema.Quarantine;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the database holds: rows, and events in quarantine. */
final class Contents {
  /** Whose event it is, as {@link Draft} writes it. */
  private static final Pattern WHOSE =
      Pattern.compile("\"request\":(\\d+),\"event\":(\\d+)|^\"stray (\\d+) (\\d+)\"$");

  private static final String IN_QUARANTINE =
      "SELECT event, code FROM "
          + Quarantine.NAME
          + " WHERE NOT "
          + QuarantineFaults.EXPIRED
          + " UNION ALL SELECT event, NULL FROM set_aside";

  private final Map<Long, Of> byRequest = new HashMap<>();
  private final Findings findings;
  private long rows;

  /** What there is of a request. */
  static final class Of {
    private static final Of NOTHING = new Of();

    private final long[] stored = new long[Database.TABLES.size()];
    private final Map<Integer, String> codes = new HashMap<>(2);
    private long rows;
    private long strangers;
    private long hopeless;
    private boolean twiceInQuarantine;

    /** The numbers of the events that are rows of the table, as a set of bits. */
    long stored(int table) {
      return stored[table];
    }

    long rows() {
      return rows;
    }

    /** Rows that no event of the request can be. */
    long strangers() {
      return strangers;
    }

    int distinct() {
      int count = 0;
      for (long each : stored) {
        count += Long.bitCount(each);
      }
      return count;
    }

    /** The numbers of the events that are in quarantine, as a set of bits. */
    long hopeless() {
      return hopeless;
    }

    boolean isTwiceInQuarantine() {
      return twiceInQuarantine;
    }

    /** Why the event is in quarantine, or null if it is not there any more. */
    @Nullable String code(int number) {
      return codes.get(number);
    }

    private void quarantined(int number, @Nullable String code) {
      twiceInQuarantine |= (hopeless & 1L << number) != 0;
      hopeless |= 1L << number;
      if (code != null) {
        codes.put(number, code);
      }
    }
  }

  private Contents(Findings findings) {
    this.findings = findings;
  }

  static Contents read(Scene scene) throws SQLException {
    Contents contents = new Contents(scene.findings());
    try (Connection connection = scene.database().connect();
        Statement sql = connection.createStatement()) {
      contents.readRows(sql);
      contents.readQuarantine(sql);
    }
    return contents;
  }

  private void readRows(Statement sql) throws SQLException {
    StringJoiner all = new StringJoiner(" UNION ALL ");
    all.add("SELECT name, request, event FROM removed");
    Database.TABLES.forEach(
        table -> all.add("SELECT '" + table + "', request, event FROM " + table));
    String query =
        "SELECT name, request, count(*), bit_or(1::int8 << event),"
            + " count(*) FILTER (WHERE event NOT BETWEEN 0 AND 63) FROM ("
            + all
            + ") AS rows GROUP BY name, request";
    try (ResultSet result = sql.executeQuery(query)) {
      while (result.next()) {
        Of of = add(result.getLong(2));
        of.stored[Database.TABLES.indexOf(result.getString(1))] |= result.getLong(4);
        of.rows += result.getLong(3);
        of.strangers += result.getLong(5);
        rows += result.getLong(3);
      }
    }
  }

  private void readQuarantine(Statement sql) throws SQLException {
    try (ResultSet result = sql.executeQuery(IN_QUARANTINE)) {
      while (result.next()) {
        String event = result.getString(1);
        Matcher whose = WHOSE.matcher(event);
        if (whose.find()) {
          int group = whose.group(1) == null ? 3 : 1;
          add(Long.parseLong(whose.group(group)))
              .quarantined(Integer.parseInt(whose.group(group + 1)), result.getString(2));
        } else {
          findings.add("an event in quarantine that nobody sent", event);
        }
      }
    }
  }

  private Of add(long request) {
    return byRequest.computeIfAbsent(request, id -> new Of());
  }

  /** What there is of the request with that number. */
  Of of(long request) {
    return byRequest.getOrDefault(request, Of.NOTHING);
  }

  /** All rows. */
  long rows() {
    return rows;
  }

  /** Reports what belongs to none of the requests. */
  void reportOthers(Set<Long> requests) {
    byRequest.keySet().stream()
        .filter(id -> id != Database.NO_REQUEST && !requests.contains(id))
        .forEach(id -> findings.add("rows of no request", Long.toString(id)));
  }
}

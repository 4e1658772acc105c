package attolytics.quarantine;

import attolytics.flush.transaction.RowWriter;
import attolytics.logging.LogMarkers;
import attolytics.metrics.QuarantineContents;
import attolytics.metrics.QuarantineContents.Group;
import attolytics.metrics.QuarantineContents.Reason;
import attolytics.schema.Quarantine;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the events in quarantine that are older than the time to live, in small steps, and counts
 * those that are there. Several instances may do so at once. {@link #isFull} answers from memory.
 *
 * <p>{@link #purge} and {@link #count} are to run in threads of their own: a backlog that takes
 * long to delete, or cannot be deleted, must not hold up the other bound.
 */
public final class QuarantineUpkeep {
  /** How often both have to run for both bounds to be acted on within 10 s. */
  public static final Duration PERIOD = Duration.ofSeconds(4);

  private static final Logger log = LoggerFactory.getLogger(QuarantineUpkeep.class);

  private static final int STEP = 1_000;
  private static final int LOCK_MILLIS = 1_000;

  private static final String DELETE =
      "DELETE FROM "
          + Quarantine.NAME
          + " WHERE id = ANY (ARRAY(SELECT id FROM "
          + Quarantine.NAME
          + " WHERE received_at < now() - make_interval(secs => ?)"
          + " ORDER BY received_at LIMIT "
          + STEP
          + " FOR UPDATE SKIP LOCKED))";

  // Of an index alone, where the table has been vacuumed.
  private static final String COUNT =
      "SELECT app, code, count(*) FROM " + Quarantine.NAME + " GROUP BY app, code ORDER BY 1, 2";

  private static final String NEWEST =
      "SELECT received_at, app, table_name, code, pointer FROM "
          + Quarantine.NAME
          + " ORDER BY id DESC LIMIT 5";

  private final DataSource database;
  private final double ttlSeconds;
  private final long maxRows;
  private final Consumer<QuarantineContents> observer;
  private volatile Set<String> full = Set.of(); // ids of apps

  /**
   * @param database whose connections do not commit by themselves
   * @param ttl how long an event is kept
   * @param maxRows how many events of an app are kept
   * @param observer is given what is there each time it was counted
   */
  public QuarantineUpkeep(
      DataSource database, Duration ttl, long maxRows, Consumer<QuarantineContents> observer) {
    this.database = database;
    this.ttlSeconds = ttl.toNanos() / 1e9;
    this.maxRows = maxRows;
    this.observer = observer;
  }

  /**
   * Whether the app had as many events in quarantine as it may have when they were counted last.
   */
  public boolean isFull(String appId) {
    return full.contains(appId);
  }

  /** Deletes what is too old. If the database fails, the next run goes on. */
  public void purge() {
    try {
      int deleted;
      do {
        deleted = deleteSome();
      } while (deleted == STEP && !Thread.currentThread().isInterrupted());
    } catch (SQLException e) {
      log.debug("Cannot purge the events in quarantine: {}", e.getMessage());
    }
  }

  /** Counts. If the database fails, what is known stays, and the next run tries again. */
  public void count() {
    try {
      QuarantineContents contents = contents();
      Set<String> now = fullNow(contents);
      logChanges(full, now);
      full = now;
      observer.accept(contents);
    } catch (SQLException e) {
      log.debug("Cannot count the events in quarantine: {}", e.getMessage());
    }
  }

  private Set<String> fullNow(QuarantineContents contents) {
    return contents.rowsByApp().entrySet().stream()
        .filter(app -> app.getValue() >= maxRows)
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static void logChanges(Set<String> before, Set<String> now) {
    for (String app : now) {
      if (!before.contains(app)) {
        log.atWarn()
            .addMarker(LogMarkers.STATE_CHANGE)
            .log("the quarantine of app {} is full: invalid events refuse their requests", app);
      }
    }
    for (String app : before) {
      if (!now.contains(app)) {
        log.atInfo()
            .addMarker(LogMarkers.STATE_CHANGE)
            .log("the quarantine of app {} has room again", app);
      }
    }
  }

  private int deleteSome() throws SQLException {
    try (Connection connection = database.getConnection()) {
      RowWriter.begin(connection, LOCK_MILLIS);
      try (PreparedStatement statement = connection.prepareStatement(DELETE)) {
        statement.setDouble(1, ttlSeconds);
        int deleted = statement.executeUpdate();
        connection.commit();
        return deleted;
      }
    }
  }

  private QuarantineContents contents() throws SQLException {
    List<Group> groups = new ArrayList<>();
    List<Reason> newest = new ArrayList<>();
    try (Connection connection = database.getConnection()) {
      RowWriter.begin(connection, LOCK_MILLIS);
      try (Statement sql = connection.createStatement()) {
        try (ResultSet row = sql.executeQuery(COUNT)) {
          while (row.next()) {
            groups.add(new Group(row.getString(1), row.getString(2), row.getLong(3)));
          }
        }
        try (ResultSet row = sql.executeQuery(NEWEST)) {
          while (row.next()) {
            newest.add(
                new Reason(
                    row.getObject(1, OffsetDateTime.class).toInstant(),
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5)));
          }
        }
      }
      connection.commit();
    }
    return new QuarantineContents(groups, newest);
  }
}

package attolytics.quarantine;

import attolytics.buffer.NanoClock;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the events in quarantine that are older than the time to live, in small steps, finds the
 * apps that have as many there as they may have, and counts what is there. Several instances may do
 * so at once. {@link #isFull} answers from memory.
 *
 * <p>{@link #purge}, {@link #findFull} and {@link #count} are to run in threads of their own: a
 * backlog that takes long to delete, or cannot be deleted, must not hold up the other bound, nor
 * must a count of all the events, which takes the longer the more there are.
 */
public final class QuarantineUpkeep {
  /** How often they have to run for both bounds to be acted on within 10 s. */
  public static final Duration PERIOD = Duration.ofSeconds(4);

  private static final Logger log = LoggerFactory.getLogger(QuarantineUpkeep.class);

  private static final int STEP = 1_000;

  /** For a statement that reads or deletes much, so that only its own result is late. */
  private static final Duration LONG = Duration.ofMinutes(1);

  /** For one of those by which a bound is acted on. */
  private static final Duration SHORT = Duration.ofSeconds(10);

  private static final String DELETE =
      "DELETE FROM "
          + Quarantine.NAME
          + " WHERE id = ANY (ARRAY(SELECT id FROM "
          + Quarantine.NAME
          + " WHERE received_at < now() - make_interval(secs => ?)"
          + " ORDER BY received_at LIMIT "
          + STEP
          + " FOR UPDATE SKIP LOCKED))";

  /** After a count of all events, pause for this many times as long as it took. */
  private static final int PAUSE_FACTOR = 4;

  // A look into the index for each app, however many events it has.
  private static final String APPS =
      "WITH RECURSIVE apps AS ((SELECT app FROM "
          + Quarantine.NAME
          + " ORDER BY app LIMIT 1) UNION ALL SELECT (SELECT later.app FROM "
          + Quarantine.NAME
          + " AS later WHERE later.app > apps.app ORDER BY later.app LIMIT 1)"
          + " FROM apps WHERE apps.app IS NOT NULL)"
          + " SELECT app FROM apps WHERE app IS NOT NULL";

  // Stops at the bound.
  private static final String COUNT_UP_TO =
      "SELECT count(*) FROM (SELECT FROM " + Quarantine.NAME + " WHERE app = ? LIMIT ?) AS counted";

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
  private final UpkeepTask purge;
  private final UpkeepTask findFull;
  private final UpkeepTask count;
  private final Set<String> full = ConcurrentHashMap.newKeySet(); // ids of apps

  /**
   * @param database whose connections do not commit by themselves
   * @param ttl how long an event is kept
   * @param maxRows how many events of an app are kept
   * @param observer is given what is there each time it was counted
   * @param clock for how long they take
   */
  public QuarantineUpkeep(
      DataSource database,
      Duration ttl,
      long maxRows,
      Consumer<QuarantineContents> observer,
      NanoClock clock) {
    this.database = database;
    this.ttlSeconds = ttl.toNanos() / 1e9;
    this.maxRows = maxRows;
    this.observer = observer;
    purge =
        new UpkeepTask(
            "events past --quarantine_ttl cannot be deleted from the quarantine",
            "events past --quarantine_ttl are deleted from the quarantine again",
            LONG,
            0,
            clock,
            this::deleteAll);
    findFull =
        new UpkeepTask(
            "it cannot be found out which apps have --quarantine_rows events in quarantine",
            "the apps that have --quarantine_rows events in quarantine are known again",
            SHORT,
            1, // within PERIOD for a few apps at the bound
            clock,
            this::updateFull);
    count =
        new UpkeepTask(
            "the events in quarantine cannot be counted for attolytics_quarantine_rows",
            "the events in quarantine are counted again",
            LONG,
            PAUSE_FACTOR,
            clock,
            this::countAll);
  }

  /**
   * Whether the app had as many events in quarantine as it may have when {@link #findFull} looked
   * last.
   */
  public boolean isFull(String appId) {
    return full.contains(appId);
  }

  /** Deletes what is too old. If the database fails, the next run goes on. */
  public void purge() {
    purge.run();
  }

  /**
   * Finds the apps whose quarantine is full. If that fails for an app, what is known of it stays,
   * and the next run tries again.
   */
  public void findFull() {
    findFull.run();
  }

  /** Counts. If the database fails, the next run tries again. */
  public void count() {
    count.run();
  }

  private void deleteAll() throws SQLException {
    int deleted;
    do {
      deleted = deleteSome();
    } while (deleted == STEP && !Thread.currentThread().isInterrupted());
  }

  private void updateFull() throws SQLException {
    SQLException failure = null;
    try (Connection connection = database.getConnection()) {
      findFull.begin(connection);
      List<String> apps = apps(connection);
      connection.commit();
      for (String app : apps) {
        try {
          findFull.begin(connection);
          setFull(app, isFullNow(connection, app));
          connection.commit();
        } catch (SQLException e) {
          failure = e;
          rollBack(connection, e);
        }
      }
      for (String app : full) {
        if (!apps.contains(app)) {
          setFull(app, false);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static void rollBack(Connection connection, SQLException cause) throws SQLException {
    try {
      connection.rollback();
    } catch (SQLException lost) { // and with it the connection
      cause.addSuppressed(lost);
      throw cause;
    }
  }

  private void countAll() throws SQLException {
    observer.accept(contents());
  }

  private static List<String> apps(Connection connection) throws SQLException {
    List<String> apps = new ArrayList<>();
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(APPS)) {
      while (row.next()) {
        apps.add(row.getString(1));
      }
    }
    return apps;
  }

  private boolean isFullNow(Connection connection, String app) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(COUNT_UP_TO)) {
      query.setString(1, app);
      query.setLong(2, maxRows);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getLong(1) >= maxRows;
      }
    }
  }

  private void setFull(String app, boolean isFull) {
    if (isFull && full.add(app)) {
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("the quarantine of app {} is full: invalid events refuse their requests", app);
    } else if (!isFull && full.remove(app)) {
      log.atInfo()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("the quarantine of app {} has room again", app);
    }
  }

  private int deleteSome() throws SQLException {
    try (Connection connection = database.getConnection()) {
      purge.begin(connection);
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
      count.begin(connection);
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

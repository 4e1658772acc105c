package attolytics.quarantine;

import attolytics.database.Connector;
import attolytics.flush.transaction.RowWriter;
import attolytics.flush.transaction.RowWriter.RefusedException;
import attolytics.schema.Quarantine;
import attolytics.schema.Schema;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the events in quarantine that have become valid, {@linkplain ReplayStep step by step}.
 * Whatever ends it, the next one goes on from there. Replays that run at the same time share the
 * work: each skips what another has locked, and looks at the end whether any of that is left over.
 */
public final class Replayer {
  /**
   * What a replay has done.
   *
   * @param dryRun whether it would have, and has changed nothing
   * @param stored how many events are stored and taken out
   * @param duplicates how many are taken out only, as {@code deduplicate_by} leaves them out
   * @param left how many are left, by code
   * @param locked how many others have locked all the time
   */
  public record Summary(
      boolean dryRun, long stored, long duplicates, Map<String, Long> left, long locked) {
    public Summary {
      left = Map.copyOf(left);
    }

    /** How many are left, by whatever reason. */
    public long leftOver() {
      return left.values().stream().mapToLong(Long::longValue).sum() + locked;
    }
  }

  private static final Logger log = LoggerFactory.getLogger(Replayer.class);

  private static final Duration PROGRESS_PERIOD = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** The same step is tried so often, */
  private static final int ATTEMPTS = 6;

  /** and so often before its events are written one by one. */
  private static final int ATTEMPTS_AT_ONCE = 3;

  /** What others have locked is waited for: longer than a frozen replay keeps its locks. */
  private static final Duration LOCKED_WAIT = Duration.ofSeconds(90);

  /** Longer than any statement may take. */
  private static final Duration NETWORK_TIMEOUT = Duration.ofSeconds(90);

  private final DatabaseUrl url;
  private final ReplaySelection selection;
  private final boolean dryRun;
  private final Duration timeout;
  private final CountDownLatch stop;
  private final EventDecoder decoder;
  private final RowWriter writer = new RowWriter();

  private @Nullable Connection connection;
  private long last;
  private long selected;
  private long stored;
  private long duplicates;
  private final Map<String, Long> leftByCode = new TreeMap<>();
  private IdList skipped = new IdList(); // as others had locked them
  private long toldNanos = System.nanoTime();

  private Replayer(
      DatabaseUrl url,
      Schema schema,
      ReplaySelection selection,
      boolean dryRun,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop) {
    this.url = url;
    this.selection = selection;
    this.dryRun = dryRun;
    this.timeout = timeout;
    this.stop = stop;
    this.decoder = new EventDecoder(schema, clock);
  }

  /**
   * Replays the events that are in quarantine now.
   *
   * @param dryRun whether to undo each step
   * @param timeout for the database to be there
   * @param clock by which events of partitioned tables are too old
   * @param stop ends the wait for the database
   * @throws StartException if the database cannot be asked, or fails for long
   */
  public static Summary run(
      DatabaseUrl url,
      Schema schema,
      ReplaySelection selection,
      boolean dryRun,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop)
      throws StartException, InterruptedException {
    Replayer replayer = new Replayer(url, schema, selection, dryRun, timeout, clock, stop);
    try {
      return replayer.run();
    } catch (SQLException e) {
      throw Connector.refused("failed during the replay", e);
    } finally {
      replayer.disconnect();
    }
  }

  private Summary run() throws SQLException, StartException, InterruptedException {
    last = number("SELECT coalesce(max(id), 0) FROM " + Quarantine.NAME + " WHERE true");
    selected = number("SELECT count(*) FROM " + Quarantine.NAME + " WHERE true");
    log.info("{}, events selected: {}", dryRun ? "dry run of the replay" : "replay", selected);
    List<Long> ids = select(0, null);
    while (!ids.isEmpty()) {
      tryAll(ids);
      ids = select(ids.get(ids.size() - 1), null);
    }
    long locked = awaitOthers();
    return new Summary(dryRun, stored, duplicates, leftByCode, locked);
  }

  /** Tries what others had locked and left over; returns how many they have locked still. */
  private long awaitOthers() throws StartException, InterruptedException {
    long deadline = System.nanoTime() + LOCKED_WAIT.toNanos();
    while (skipped.size() > 0 && System.nanoTime() - deadline < 0) {
      IdList again = skipped;
      skipped = new IdList();
      for (int from = 0; from < again.size(); from += ReplayStep.EVENTS) {
        tryAll(select(0, again.part(from)));
      }
      if (skipped.size() < again.size()) {
        deadline = System.nanoTime() + LOCKED_WAIT.toNanos();
      } else {
        pause();
      }
    }
    return skipped.size();
  }

  /** Tries these events, at most as many as a step takes, and notes those that are locked. */
  private void tryAll(List<Long> ids) throws StartException, InterruptedException {
    List<Long> left = ids;
    while (!left.isEmpty()) {
      ReplayStep step = step(left);
      Set<Long> tried = new HashSet<>(step.taken());
      tried.addAll(step.left().keySet());
      for (long id : left.subList(0, step.end())) {
        if (!tried.contains(id)) {
          skipped.add(id);
        }
      }
      left = left.subList(step.end(), left.size());
    }
  }

  private ReplayStep step(List<Long> ids) throws StartException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      ReplayStep step = new ReplayStep(selection, decoder, writer, ids);
      try {
        step.run(connect(), attempt > ATTEMPTS_AT_ONCE, !dryRun);
        return take(step);
      } catch (RefusedException e) {
        if (e.isOfTable()) {
          throw new StartException(
              e.place()
                  + " takes no events: "
                  + e.words()
                  + "; correct the table, or replay others with --table: the events that are left"
                  + " are as they were",
              e);
        }
        retryOrThrow(attempt, e.error());
      } catch (SQLException e) {
        disconnect();
        if (step.isCommitting() && isCommitted(step)) {
          return take(step);
        }
        retryOrThrow(attempt, e);
      }
    }
  }

  private static StartException failed(SQLException e) {
    return Connector.refused("failed during the replay, which the next one continues", e);
  }

  private void retryOrThrow(int attempt, SQLException e)
      throws StartException, InterruptedException {
    if (attempt == ATTEMPTS) {
      throw failed(e);
    }
    log.info("tried again soon: {}", Connector.message(e));
    pause();
  }

  /** Whether what the step took out is not in quarantine any more. */
  private boolean isCommitted(ReplayStep step) throws StartException, InterruptedException {
    if (step.taken().isEmpty()) {
      return false; // what it has updated may be updated again
    }
    try (PreparedStatement query =
        connect()
            .prepareStatement("SELECT FROM " + Quarantine.NAME + " WHERE id = ANY (?) LIMIT 1")) {
      query.setArray(1, connect().createArrayOf("bigint", step.taken().toArray()));
      try (ResultSet row = query.executeQuery()) {
        return !row.next();
      } finally {
        connect().rollback();
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private ReplayStep take(ReplayStep step) {
    stored += step.taken().size() - step.duplicates();
    duplicates += step.duplicates();
    step.left().values().forEach(code -> leftByCode.merge(code, 1L, Long::sum));
    if (System.nanoTime() - toldNanos > PROGRESS_PERIOD.toNanos()) {
      toldNanos = System.nanoTime();
      long left = leftByCode.values().stream().mapToLong(Long::longValue).sum();
      log.info(
          "{} of {} done, stored: {}, duplicates: {}, left: {}",
          stored + duplicates + left,
          selected,
          stored,
          duplicates,
          left);
    }
    return step;
  }

  private long number(String select) throws SQLException, StartException, InterruptedException {
    try (PreparedStatement query = connect().prepareStatement(select + selection.condition())) {
      selection.bind(query, 1);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getLong(1);
      } finally {
        connect().rollback();
      }
    }
  }

  /**
   * The ids of those that are selected now, in order, at most as many as a step takes.
   *
   * @param after those after this id
   * @param only of these, or null: of all
   */
  private List<Long> select(long after, @Nullable List<Long> only)
      throws StartException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return selectOnce(after, only);
      } catch (SQLException e) {
        disconnect();
        retryOrThrow(attempt, e);
      }
    }
  }

  private List<Long> selectOnce(long after, @Nullable List<Long> only)
      throws SQLException, StartException, InterruptedException {
    String sql =
        "SELECT id FROM "
            + Quarantine.NAME
            + " WHERE id > ? AND id <= ?"
            + (only == null ? "" : " AND id = ANY (?)")
            + selection.condition()
            + " ORDER BY id LIMIT "
            + ReplayStep.EVENTS;
    List<Long> ids = new ArrayList<>();
    try (PreparedStatement query = connect().prepareStatement(sql)) {
      query.setLong(1, after);
      query.setLong(2, last);
      if (only != null) {
        query.setArray(3, connect().createArrayOf("bigint", only.toArray()));
      }
      selection.bind(query, only == null ? 3 : 4);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          ids.add(row.getLong(1));
        }
      } finally {
        connect().rollback();
      }
    }
    return ids;
  }

  private Connection connect() throws SQLException, StartException, InterruptedException {
    Connection open = connection;
    if (open == null) {
      open = Connector.awaitConnection(url, timeout, stop);
      connection = open;
      open.setNetworkTimeout(Runnable::run, (int) NETWORK_TIMEOUT.toMillis());
      open.setAutoCommit(false);
    }
    return open;
  }

  private void disconnect() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        log.debug("Cannot close a connection", e);
      }
    }
  }

  private void pause() throws InterruptedException {
    if (stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("told to stop");
    }
  }
}

package attolytics.quarantine;

import attolytics.buffer.Batch;
import attolytics.database.ServerEncoding;
import attolytics.encoding.AsciiText;
import attolytics.flush.transaction.RowWriter;
import attolytics.flush.transaction.RowWriter.RefusedException;
import attolytics.quarantine.Verdict.Reason;
import attolytics.schema.Quarantine;
import attolytics.schema.Table;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One transaction of a replay: locks those of some events that no other session has locked, stores
 * the valid ones and deletes them from the quarantine, and notes on the others why they are invalid
 * now.
 *
 * <pre>
 *   lock ─► decode ─► write all, else one by one ─► delete what is written, update the rest ─► commit
 * </pre>
 */
final class ReplayStep {
  /** The events of a step, at most. */
  static final int EVENTS = 500;

  private static final Logger log = LoggerFactory.getLogger(ReplayStep.class);

  /** The bytes of their text and headers; an event of more is a step of its own. */
  private static final long BYTES = 4 << 20;

  /** Of the ids and sizes; what is not fetched is not locked. */
  private static final int FETCH = 50;

  private static final int LOCK_MILLIS = 2_000;

  /** So many events of a table, one after the other, that it cannot take now are no accident. */
  private static final int ENOUGH_FAILED = 20;

  // PostgreSQL knows the size of a text without reading it.
  private static final String LOCK =
      "SELECT id, octet_length(event) + coalesce(octet_length(headers::text), 0) FROM "
          + Quarantine.NAME
          + " WHERE id = ANY (?)";

  private static final String IN_ORDER = " ORDER BY id FOR UPDATE SKIP LOCKED";

  private static final String SELECT =
      "SELECT id, received_at, app, code, event, headers::text FROM "
          + Quarantine.NAME
          + " WHERE id = ANY (?) ORDER BY id";

  private static final String DELETE = "DELETE FROM " + Quarantine.NAME + " WHERE id = ANY (?)";

  private static final String UPDATE =
      "UPDATE "
          + Quarantine.NAME
          + " AS event SET code = now.code, pointer = now.pointer, detail = now.detail"
          + " FROM unnest(?::bigint[], ?::varchar[], ?::varchar[], ?::varchar[])"
          + " AS now (id, code, pointer, detail) WHERE event.id = now.id"
          + " AND (event.code, event.pointer, event.detail)"
          + " IS DISTINCT FROM (now.code, now.pointer, now.detail)";

  private final ReplaySelection selection;
  private final EventDecoder decoder;
  private final RowWriter writer;
  private final List<Long> ids;

  private final List<Long> taken = new ArrayList<>();
  private final Map<Long, String> left = new LinkedHashMap<>();
  private final Map<Long, Reason> reasons = new LinkedHashMap<>();
  private long duplicates;
  private int end;
  private boolean committing;

  /**
   * @param ids of the events, in order, at most as many as a step takes
   */
  ReplayStep(ReplaySelection selection, EventDecoder decoder, RowWriter writer, List<Long> ids) {
    this.selection = selection;
    this.decoder = decoder;
    this.writer = writer;
    this.ids = ids;
  }

  /** The ids of the events that are taken out: they are stored, or duplicates. */
  List<Long> taken() {
    return taken;
  }

  /** How many of those are not stored, as their tables have them already. */
  long duplicates() {
    return duplicates;
  }

  /** The ids of those that are left, and why. */
  Map<Long, String> left() {
    return left;
  }

  /** How many of the events, from the first one on, it has tried or found locked. */
  int end() {
    return end;
  }

  /** Whether a failure leaves open if it is committed. */
  boolean isCommitting() {
    return committing;
  }

  /**
   * Runs it, in a transaction of its own.
   *
   * @param oneByOne whether to write the rows one by one at once; what the database cannot take now
   *     is left as it is then, unless that is true of many
   * @param commit false to undo it
   * @throws RefusedException if the database cannot take the rows now, or a table takes none
   */
  void run(Connection connection, boolean oneByOne, boolean commit)
      throws SQLException, RefusedException {
    RowWriter.begin(connection, LOCK_MILLIS);
    try {
      List<Verdict> valid = new ArrayList<>();
      for (QuarantinedEvent event : select(connection, lock(connection))) {
        Verdict verdict = decoder.decode(event);
        if (verdict.row() != null) {
          valid.add(verdict);
        } else {
          leave(event, Objects.requireNonNull(verdict.reason()));
        }
      }
      if (oneByOne || !writeAll(connection, valid)) {
        writeOneByOne(connection, valid);
      }
      if (commit) {
        delete(connection);
        update(connection);
        committing = true;
        RowWriter.commit(connection);
      }
    } finally {
      if (!connection.isClosed()) {
        connection.rollback(); // nothing, once it is committed
      }
    }
  }

  /** Locks the events, as many as fit into memory, unless others have; returns their ids. */
  private List<Long> lock(Connection connection) throws SQLException {
    List<Long> locked = new ArrayList<>();
    end = ids.size();
    String sql = LOCK + selection.condition() + IN_ORDER;
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setFetchSize(FETCH);
      query.setArray(1, connection.createArrayOf("bigint", ids.toArray()));
      selection.bind(query, 2);
      long bytes = 0;
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          bytes += row.getLong(2);
          if (bytes > BYTES && !locked.isEmpty()) {
            end = ids.indexOf(row.getLong(1));
            break;
          }
          locked.add(row.getLong(1));
        }
      }
    }
    return locked;
  }

  private List<QuarantinedEvent> select(Connection connection, List<Long> ids) throws SQLException {
    List<QuarantinedEvent> events = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(SELECT)) {
      query.setArray(1, connection.createArrayOf("bigint", ids.toArray()));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          events.add(
              new QuarantinedEvent(
                  row.getLong(1),
                  row.getObject(2, OffsetDateTime.class).toInstant(),
                  row.getString(3),
                  row.getString(4),
                  row.getString(5),
                  row.getString(6)));
        }
      }
    }
    return events;
  }

  private void leave(QuarantinedEvent event, Reason reason) {
    left.put(event.id(), reason.code());
    reasons.put(event.id(), reason);
  }

  /** Whether the database takes them all. If not, none is written. */
  private boolean writeAll(Connection connection, List<Verdict> valid)
      throws SQLException, RefusedException {
    Savepoint before = connection.setSavepoint();
    try {
      writer.write(connection, rows(valid), false);
      valid.forEach(this::take);
      return true;
    } catch (RefusedException e) {
      connection.rollback(before);
      if (e.isTransient()) {
        throw e;
      }
      return false;
    }
  }

  private void take(Verdict written) {
    taken.add(written.event().id());
    duplicates += Objects.requireNonNull(written.row()).duplicates();
  }

  private static List<Batch> rows(List<Verdict> valid) {
    return valid.stream().map(verdict -> Objects.requireNonNull(verdict.row())).toList();
  }

  private void writeOneByOne(Connection connection, List<Verdict> valid)
      throws SQLException, RefusedException {
    Map<Table, Integer> failed = new HashMap<>();
    for (Verdict verdict : valid) {
      QuarantinedEvent event = verdict.event();
      List<Batch> row = rows(List.of(verdict));
      Table table = row.get(0).runTable(0);
      Savepoint before = connection.setSavepoint();
      try {
        // A distributed table says only then why it refuses a row.
        writer.write(connection, row, table.distributeBy() != null);
        connection.releaseSavepoint(before);
        take(verdict);
        failed.remove(table);
      } catch (RefusedException e) {
        connection.rollback(before);
        if (!e.isTransient() && !e.isOfTable()) {
          String code = e.isConflict() ? "conflict" : "refused_by_database";
          leave(event, new Reason(code, null, e.words()));
        } else if (failed.merge(table, 1, Integer::sum) < ENOUGH_FAILED) {
          // Its reason stays: it says nothing of the event, and is what --code selects.
          log.warn("The database cannot take event {} now: {}", event.id(), e.words());
          left.put(event.id(), event.code());
        } else {
          throw e;
        }
      }
    }
  }

  private void delete(Connection connection) throws SQLException {
    if (taken.isEmpty()) {
      return;
    }
    try (PreparedStatement statement = connection.prepareStatement(DELETE)) {
      statement.setArray(1, connection.createArrayOf("bigint", taken.toArray()));
      statement.executeUpdate();
    }
  }

  private void update(Connection connection) throws SQLException {
    if (reasons.isEmpty()) {
      return;
    }
    List<Reason> values = List.copyOf(reasons.values());
    try (PreparedStatement statement = connection.prepareStatement(UPDATE)) {
      statement.setArray(1, connection.createArrayOf("bigint", reasons.keySet().toArray()));
      statement.setArray(2, texts(connection, values.stream().map(Reason::code).toArray()));
      statement.setArray(3, texts(connection, values.stream().map(Reason::pointer).toArray()));
      statement.setArray(4, texts(connection, values.stream().map(Reason::detail).toArray()));
      statement.executeUpdate();
    }
  }

  private static java.sql.Array texts(Connection connection, @Nullable Object[] values)
      throws SQLException {
    boolean inAscii = !ServerEncoding.hasEveryCharacter(connection);
    for (int i = 0; i < values.length; i++) {
      if (values[i] != null) {
        String text = storable(values[i].toString());
        values[i] = inAscii ? AsciiText.escape(text) : text;
      }
    }
    return connection.createArrayOf("varchar", values);
  }

  /** Without U+0000 and lone surrogates. */
  private static String storable(String text) {
    byte[] bytes = text.replace('\0', '\uFFFD').getBytes(StandardCharsets.UTF_8);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}

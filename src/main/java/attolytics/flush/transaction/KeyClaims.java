package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.LenientRequest;
import attolytics.buffer.Outcome;
import attolytics.database.IdempotencyTable;
import attolytics.database.ServerEncoding;
import attolytics.flush.transaction.FlushDatabase.LockedKeys;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Inserts the Idempotency-Keys of a transaction's requests in that transaction, so that they are
 * committed together with the rows or not at all. If another transaction, of any instance, has
 * inserted the same key, or found it, and is still open, the insert waits for its end.
 */
final class KeyClaims {
  // An expired key is taken over. Always in the order of the keys, which avoids deadlocks between
  // instances.
  private static final String CLAIM =
      "INSERT INTO "
          + IdempotencyTable.NAME
          + " AS known (app, key, fingerprint, answer)"
          + " SELECT * FROM unnest(?::varchar[], ?::varchar[], ?::bytea[], ?::text[])"
          + " ON CONFLICT (app, key) DO UPDATE"
          + " SET fingerprint = excluded.fingerprint, created = excluded.created,"
          + " answer = excluded.answer"
          + " WHERE known.created < now() - make_interval(secs => ?)"
          + " RETURNING app, key";

  private static final String UPDATE_ANSWERS =
      "UPDATE "
          + IdempotencyTable.NAME
          + " AS known SET answer = given.answer"
          + " FROM unnest(?::varchar[], ?::varchar[], ?::text[]) AS given (app, key, answer)"
          + " WHERE known.app = given.app AND known.key = given.key";

  private static final String LOOK_UP =
      "SELECT app, key, fingerprint, answer FROM "
          + IdempotencyTable.NAME
          + " JOIN unnest(?::varchar[], ?::varchar[]) AS asked (app, key) USING (app, key)";

  private static final String RELEASE =
      "DELETE FROM "
          + IdempotencyTable.NAME
          + " AS known USING unnest(?::varchar[], ?::varchar[]) AS given (app, key)"
          + " WHERE known.app = given.app AND known.key = given.key";

  // A DO block has no parameters and no result: both go through settings of the transaction.
  private static final String FIND_LOCKED_ARGUMENTS =
      "SELECT set_config('attolytics.apps', ?::varchar[]::text, true),"
          + " set_config('attolytics.keys', ?::varchar[]::text, true),"
          + " set_config('attolytics.millis', ?, true)";

  // Waits for what CLAIM waits for: an insert, and the lock on the row of a key that is known.
  private static final String FIND_LOCKED =
      """
      DO $$
      DECLARE
        apps varchar[] := current_setting('attolytics.apps');
        keys varchar[] := current_setting('attolytics.keys');
        deadline timestamptz :=
          clock_timestamp() + current_setting('attolytics.millis')::int * interval '1 ms';
        held int[] := '{}';
        tried int := 0;
      BEGIN
        WHILE tried < cardinality(keys) AND clock_timestamp() < deadline LOOP
          tried := tried + 1;
          BEGIN
            INSERT INTO %s (app, key, fingerprint) VALUES (apps[tried], keys[tried], '')
              ON CONFLICT (app, key) DO UPDATE SET fingerprint = '' WHERE false;
          EXCEPTION WHEN lock_not_available THEN
            held := held || tried;
          END;
        END LOOP;
        PERFORM set_config('attolytics.held', held::text, true),
          set_config('attolytics.tried', tried::text, true);
      END $$
      """
          .formatted(IdempotencyTable.NAME);

  private static final String FIND_LOCKED_RESULT =
      "SELECT current_setting('attolytics.held')::int[], current_setting('attolytics.tried')::int";

  private final double ttlSeconds;

  KeyClaims(Duration ttl) {
    ttlSeconds = ttl.toNanos() / 1e9;
  }

  /**
   * Claims the keys of those batches that have one, no two of them the same. A key that is only to
   * be looked up is released again: the claim has waited for a transaction that has it.
   *
   * @return the outcomes of those whose key was claimed before, or is only looked up: their rows
   *     must not be written
   */
  Map<Batch, Outcome> claim(Connection connection, List<Batch> batches) throws SQLException {
    TreeMap<IdempotencyKey, Batch> unclaimed = new TreeMap<>();
    TreeMap<IdempotencyKey, Batch> lookups = new TreeMap<>();
    for (Batch batch : batches) {
      if (batch.key() != null) {
        unclaimed.put(batch.key(), batch);
        if (batch.isLookup()) {
          lookups.put(batch.key(), batch);
        }
      }
    }
    if (unclaimed.isEmpty()) {
      return Map.of();
    }
    insert(connection, unclaimed);
    Map<Batch, Outcome> known = new HashMap<>();
    if (!unclaimed.isEmpty()) {
      lookUp(connection, unclaimed, known);
    }
    lookups.values().removeAll(known.keySet());
    if (!lookups.isEmpty()) {
      release(connection, lookups);
      lookups.values().forEach(batch -> known.put(batch, Outcome.KEY_UNKNOWN));
    }
    return known;
  }

  private static void release(Connection connection, Map<IdempotencyKey, Batch> keys)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(RELEASE)) {
      statement.setArray(1, apps(connection, keys));
      statement.setArray(2, names(connection, keys));
      statement.executeUpdate();
    }
  }

  /**
   * Tries to claim one key after the other, on the server, and waits for each as long as the
   * transaction's lock timeout says. The transaction is to be rolled back.
   *
   * @param millis how long that may take
   */
  static LockedKeys findLocked(Connection connection, List<Batch> keyed, long millis)
      throws SQLException {
    TreeMap<IdempotencyKey, Batch> keys = new TreeMap<>();
    for (Batch batch : keyed) {
      keys.put(batch.key(), batch);
    }
    List<Batch> inOrder = List.copyOf(keys.values());
    try (PreparedStatement arguments = connection.prepareStatement(FIND_LOCKED_ARGUMENTS)) {
      arguments.setArray(1, apps(connection, keys));
      arguments.setArray(2, names(connection, keys));
      arguments.setString(3, Long.toString(millis));
      arguments.execute();
    }
    try (Statement sql = connection.createStatement()) {
      sql.execute(FIND_LOCKED);
      try (ResultSet result = sql.executeQuery(FIND_LOCKED_RESULT)) {
        result.next();
        List<Batch> held = new ArrayList<>();
        for (Integer at : (Integer[]) result.getArray(1).getArray()) {
          held.add(inOrder.get(at - 1));
        }
        return new LockedKeys(held, inOrder.subList(result.getInt(2), inOrder.size()));
      }
    }
  }

  /**
   * Stores the answers of requests that this transaction has claimed the keys of, once it is known
   * how many of their rows are left out.
   */
  static void updateAnswers(Connection connection, List<Batch> claimed) throws SQLException {
    Map<IdempotencyKey, Batch> counted = new TreeMap<>();
    for (Batch batch : claimed) {
      if (batch.key() != null && batch.lenient() != null && batch.duplicates() > 0) {
        counted.put(batch.key(), batch);
      }
    }
    if (!counted.isEmpty()) {
      update(connection, counted);
    }
  }

  /** Executes the statement that stores answers again, for none. */
  static void updateNoAnswer(Connection connection) throws SQLException {
    update(connection, Map.of());
  }

  private static void update(Connection connection, Map<IdempotencyKey, Batch> keys)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(UPDATE_ANSWERS)) {
      statement.setArray(1, apps(connection, keys));
      statement.setArray(2, names(connection, keys));
      statement.setArray(3, connection.createArrayOf("text", answers(keys.values())));
      statement.execute();
    }
  }

  /** Removes the keys that were inserted from the map. */
  private void insert(Connection connection, Map<IdempotencyKey, Batch> keys) throws SQLException {
    byte[][] fingerprints =
        keys.keySet().stream().map(IdempotencyKey::fingerprint).toArray(byte[][]::new);
    try (PreparedStatement statement = connection.prepareStatement(CLAIM)) {
      statement.setArray(1, apps(connection, keys));
      statement.setArray(2, names(connection, keys));
      statement.setArray(3, connection.createArrayOf("bytea", fingerprints));
      statement.setArray(4, connection.createArrayOf("text", answers(keys.values())));
      statement.setDouble(5, ttlSeconds);
      try (ResultSet claimed = statement.executeQuery()) {
        while (claimed.next()) {
          keys.remove(key(claimed, new byte[0]));
        }
      }
    }
  }

  private static void lookUp(
      Connection connection, Map<IdempotencyKey, Batch> keys, Map<Batch, Outcome> outcomes)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(LOOK_UP)) {
      statement.setArray(1, apps(connection, keys));
      statement.setArray(2, names(connection, keys));
      try (ResultSet known = statement.executeQuery()) {
        while (known.next()) {
          IdempotencyKey key = key(known, known.getBytes(3));
          Batch batch = keys.remove(key);
          boolean same = batch != null && batch.key() != null && batch.key().sameRequest(key);
          if (batch != null) {
            outcomes.put(batch, same ? Outcome.replayed(known.getString(4)) : Outcome.KEY_REUSED);
          }
        }
      }
    }
    if (!keys.isEmpty() && !ServerEncoding.hasEveryCharacter(connection)) {
      // The encoding has one form for two characters: the key comes back as another one.
      throw new SQLException("the encoding does not keep an Idempotency-Key", "22P05");
    }
    if (!keys.isEmpty()) {
      // Purged meanwhile: as after any conflict with another transaction, a retry helps.
      throw new SQLException("an Idempotency-Key vanished", "40001");
    }
  }

  /** The bodies of the answers, where these are not empty. */
  private static @Nullable String[] answers(Collection<Batch> batches) {
    @Nullable String[] answers = new String[batches.size()];
    int i = 0;
    for (Batch batch : batches) {
      LenientRequest lenient = batch.lenient();
      answers[i++] = lenient == null ? null : lenient.answer(batch.duplicates());
    }
    return answers;
  }

  private static IdempotencyKey key(ResultSet row, byte[] fingerprint) throws SQLException {
    return new IdempotencyKey(row.getString(1), row.getString(2), fingerprint);
  }

  private static Array apps(Connection connection, Map<IdempotencyKey, Batch> keys)
      throws SQLException {
    return connection.createArrayOf(
        "varchar", keys.keySet().stream().map(IdempotencyKey::app).toArray());
  }

  private static Array names(Connection connection, Map<IdempotencyKey, Batch> keys)
      throws SQLException {
    return connection.createArrayOf(
        "varchar", keys.keySet().stream().map(IdempotencyKey::key).toArray());
  }
}

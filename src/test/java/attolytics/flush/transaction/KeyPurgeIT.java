package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.database.EmptySchemaFixture;
import attolytics.database.IdempotencyTable;
import attolytics.database.migration.DatabaseTables;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Expired Idempotency-Keys are deleted, and no others. */
@Timeout(120)
class KeyPurgeIT extends EmptySchemaFixture {
  private void purge() throws SQLException {
    try (HikariDataSource pool = database.pool()) {
      new KeyPurge(pool, Duration.ofDays(7)).run();
    }
  }

  /** Each partition has a row of the same ctid. */
  @Test
  void purge_ofATableInPartitions_keepsTheKeysThatAreNotExpired() throws SQLException {
    sql(
        "CREATE TABLE attolytics_idempotency (app VARCHAR COLLATE \"C\" NOT NULL,"
            + " key VARCHAR COLLATE \"C\" NOT NULL, fingerprint BYTEA NOT NULL,"
            + " created TIMESTAMPTZ NOT NULL DEFAULT now(), answer TEXT, PRIMARY KEY (app, key))"
            + " PARTITION BY HASH (app, key)");
    for (int i = 0; i < 4; i++) {
      sql(
          "CREATE TABLE keys_%d PARTITION OF attolytics_idempotency FOR VALUES WITH (MODULUS 4, REMAINDER %d)"
              .formatted(i, i));
    }
    assertFits(DatabaseTables.prepare(connection, schema()));
    sql(
        "INSERT INTO attolytics_idempotency SELECT 'a', g::text, '',"
            + " now() - CASE WHEN g % 2 = 0 THEN interval '8 days' ELSE interval '6 days' END"
            + " FROM generate_series(1, 3000) g");

    purge();

    assertEquals(
        List.of("1500"),
        query("SELECT count(*) FROM attolytics_idempotency WHERE key::int % 2 = 1"));
    assertEquals(List.of("1500"), query("SELECT count(*) FROM attolytics_idempotency"));
  }

  @Test
  void purge_doesNotReadTheWholeTable() throws SQLException {
    sql(IdempotencyTable.TABLE.creation().toArray(new String[0]));
    sql(
        "INSERT INTO attolytics_idempotency SELECT 'a', g::text, '', now() - g * interval '20 s'"
            + " FROM generate_series(1, 40000) g",
        "ANALYZE attolytics_idempotency");

    String plan = String.join("\n", query("EXPLAIN " + KeyPurge.DELETE.replace("?", "604800")));

    assertTrue(plan.contains("Tid Scan on attolytics_idempotency"), plan);
    assertTrue(plan.contains("Index Scan using attolytics_idempotency_created_idx"), plan);
  }
}

package attolytics.database;

import java.util.List;
import java.util.Map;

/** The table of the Idempotency-Keys, with the body of the response if that is not empty. */
public final class IdempotencyTable {
  public static final String NAME = "attolytics_idempotency";

  // The index is for the purge of the oldest keys.
  public static final OwnTable TABLE =
      new OwnTable(
          NAME,
          Map.of(
              "app", "character varying",
              "key", "character varying",
              "fingerprint", "bytea",
              "created", "timestamp with time zone",
              "answer", "text"),
          List.of(
              "CREATE TABLE "
                  + NAME
                  + " (app VARCHAR COLLATE \"C\" NOT NULL, key VARCHAR COLLATE \"C\" NOT NULL,"
                  + " fingerprint BYTEA NOT NULL, created TIMESTAMPTZ NOT NULL DEFAULT now(),"
                  + " answer TEXT, PRIMARY KEY (app, key))",
              "CREATE INDEX attolytics_idempotency_created_idx ON " + NAME + " (created)"),
          List.of("answer"));

  private IdempotencyTable() {}
}

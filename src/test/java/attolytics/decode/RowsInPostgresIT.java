package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Seeds;
import attolytics.TestDatabase;
import attolytics.buffer.Batch;
import attolytics.schema.App;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Random;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** PostgreSQL accepts what {@link Decoder} accepts, and returns the same values. */
class RowsInPostgresIT {
  private static final int BODIES = 3_000;

  private final Oracle oracle = new Oracle();

  @Property(tries = 3, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
  void acceptedRows_areReadBack(@ForAll Random random, @ForAll boolean strict) throws Exception {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      PostgresCheck postgres = new PostgresCheck(connection, Oracle.TABLES);
      Samples samples = new Samples(random);
      for (int i = 0; i < BODIES; i++) {
        Batch accepted =
            oracle.check(strict ? Oracle.STRICT : Oracle.LENIENT, Oracle.body(samples.events(4)));
        if (accepted != null) {
          postgres.add(accepted);
        }
      }
      assertTrue(postgres.rowCount() > 0, "no row was accepted");
      postgres.check();
    }
  }

  @Example
  void acceptedFuzzerSeeds_areReadBack() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      PostgresCheck postgres = new PostgresCheck(connection, Oracle.TABLES);
      for (Path seed : Seeds.of(DecoderFuzz.class, "decode")) {
        byte[] body = Files.readAllBytes(seed);
        for (App app : List.of(Oracle.STRICT, Oracle.LENIENT)) {
          Batch accepted = oracle.check(app, body);
          if (accepted != null) {
            postgres.add(accepted);
          }
        }
      }
      assertTrue(postgres.rowCount() > 0, "no row was accepted");
      postgres.check();
    }
  }
}

package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of a server, and what is made of its answer. */
class TransactionIdTest {
  private static final TransactionId ID = new TransactionId("778", "00000001", 1795925913.1204);

  private final List<String> asked = new ArrayList<>();

  /** A server that answers with one row. */
  private Connection server(@Nullable Object... row) {
    ResultSet result =
        Fake.of(
            ResultSet.class,
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "next" -> true;
                  case "getString", "getBoolean", "getDouble" -> row[(int) arguments[0] - 1];
                  default -> null;
                });
    PreparedStatement statement =
        Fake.of(
            PreparedStatement.class,
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "setString", "setDouble" -> {
                    asked.add(arguments[0] + "=" + arguments[1]);
                    yield null;
                  }
                  case "execute" -> false;
                  case "getMoreResults" -> true;
                  case "getResultSet", "executeQuery" -> result;
                  default -> null;
                });
    return Fake.of(
        Connection.class,
        (self, method, arguments) -> {
          asked.add(Arrays.toString(arguments));
          return statement;
        });
  }

  /** An id may be another transaction's, if statistics were reset since: the server crashed. */
  @ParameterizedTest
  @CsvSource({
    "committed, true, COMMITTED",
    "committed, false, UNKNOWN",
    "aborted, true, ABORTED",
    "aborted, false, ABORTED",
    "in progress, true, UNDECIDED",
    "something new, true, UNKNOWN",
    ", true, UNKNOWN"
  })
  void status_isThatOfTheServer(@Nullable String status, boolean isOurs, TransactionStatus expected)
      throws SQLException {
    assertEquals(expected, ID.status(server(status, isOurs)));
    assertEquals(
        List.of("1=00000001", "2=778", "3=1.7959259131204E9"), asked.subList(1, asked.size()));
  }

  @Test
  void begin_setsTheLimits_andNamesTheTransaction() throws SQLException {
    TransactionId id =
        TransactionId.begin(
            server("", "", "", "778", "00000001", 7.5),
            new TimeLimits(750, 3_999_999, 12_000_000),
            OutcomeLookup.BY_TRANSACTION);
    assertEquals(new TransactionId("778", "00000001", 7.5), id);
    assertTrue(id.isKnown());
    assertTrue(asked.get(0).contains("pg_current_xact_id()"), asked.get(0));
    assertEquals(List.of("1=750", "2=3", "3=12"), asked.subList(1, asked.size()));
  }

  @Test
  void begin_whereTheServerHasNoNames_givesNone() throws SQLException {
    TransactionId id =
        TransactionId.begin(
            server("", "", ""), new TimeLimits(750, 999_999, 0), OutcomeLookup.BY_KEY);
    assertFalse(id.isKnown());
    assertEquals("a transaction without an id", id.toString());
    assertFalse(asked.get(0).contains("pg_current_xact_id()"), asked.get(0));
    assertEquals(
        List.of("1=750", "2=1", "3=1"), asked.subList(1, asked.size()), "0 would be no limit");
  }

  @Test
  void toString_isForTheLog() {
    assertEquals(
        "transaction 778 of timeline 00000001, begun at 2026-11-29T04:18:33.120Z", ID.toString());
  }
}

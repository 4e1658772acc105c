package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class CopyErrorTest {
  /** A trigger that fires after the statement has no row: only its own lines are numbered. */
  @ParameterizedTest
  @CsvSource({
    "'COPY t, line 12', 12",
    "'COPY t, line 12, column s: \"1\"', 12",
    "'COPY t, Zeile 12', 12",
    "'tのCOPY、行 12', 12",
    "'PL/pgSQL function check_t() line 3 at RAISE|COPY t, line 12', 12",
    "'PL/pgSQL function check_t() line 3 at RAISE', 0",
    "'COPY zoo, line 12', 0",
    ", 0"
  })
  void line_isThatOfTheCopy(String context, long line) {
    String where = context == null ? "" : "W" + context.replace('|', '\n') + "\0";
    SQLException e = new PSQLException(new ServerErrorMessage("SERROR\0C23505\0Mm\0" + where));
    assertEquals(line, CopyError.line(e, new Table("t", 0, List.of())));
  }

  @ParameterizedTest
  @CsvSource({
    "'COPY t, line 12, column name', 'm, in column \"name\"'",
    "'COPY t, Zeile 12, Spalte name', 'm, in column \"name\"'",
    "'COPY t, line 12, column first name', 'm, in column \"first name\"'",
    "'COPY t, line 12, column other', m",
    "'COPY t, line 12', m",
    "'PL/pgSQL function check_t() line 3 at name', m",
    ", m"
  })
  void forTheClient_namesTheColumnOfTheContext(String context, String expected) {
    String where = context == null ? "" : "W" + context + "\0";
    SQLException e = new PSQLException(new ServerErrorMessage("SERROR\0C22001\0Mm\0" + where));
    assertEquals(expected, CopyError.forTheClient(e, new Table("t", 0, columns())));
  }

  @ParameterizedTest
  @CsvSource({
    "'COPY t, line 12', 'SQLSTATE 23514, constraint \"positive\"'",
    "'COPY t, line 12, column name', 'SQLSTATE 23514, constraint \"positive\", column \"name\"'",
    "'PL/pgSQL function check_t() line 3 at RAISE|COPY t, line 12', SQLSTATE 23514",
  })
  void withoutWords_namesConstraintAndColumn_butNothingOfAFunction(
      String context, String expected) {
    String fields = "Mhunter2\0npositive\0W" + context.replace('|', '\n') + "\0";
    SQLException e = new PSQLException(new ServerErrorMessage("SERROR\0C23514\0" + fields));
    assertEquals(
        "the database refused it: " + expected,
        CopyError.withoutWords(e, new Table("t", 0, columns())));
  }

  private static List<Column> columns() {
    return Stream.of("name", "first name")
        .map(name -> new Column(name, ScalarType.STRING, null, Index.NONE, false, 0))
        .toList();
  }
}

package attolytics.schema;

import java.util.ArrayList;
import java.util.List;

/**
 * The table that invalid events of leniently handled requests are put into. Its rows are encoded
 * and written like those of any other table; {@code id} is the database's to fill.
 *
 * <p>{@code headers} is an object of the request's headers that the app's tables take: names in
 * lower case, values as text. The address of the client, if a table takes it, is there under {@link
 * #CLIENT_IP}.
 */
public final class Quarantine {
  public static final String NAME = "attolytics_quarantine";

  /** No header's name begins with a colon. */
  public static final String CLIENT_IP = ":client_ip";

  /** The columns that a row gives, in their order. */
  public static final Table TABLE = new Table(NAME, 0, columns());

  private Quarantine() {}

  private static List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    add(columns, "received_at", ScalarType.TIMESTAMP, true);
    add(columns, "app", ScalarType.STRING, true);
    add(columns, "table_name", ScalarType.STRING, false);
    add(columns, "code", ScalarType.STRING, true);
    add(columns, "pointer", ScalarType.STRING, false);
    add(columns, "detail", ScalarType.STRING, false);
    add(columns, "event", ScalarType.STRING, true);
    add(columns, "headers", ScalarType.JSON, false);
    add(columns, "idempotency_key", ScalarType.STRING, false);
    return columns;
  }

  private static void add(List<Column> columns, String name, ColumnType type, boolean required) {
    columns.add(new Column(name, type, null, Index.NONE, required, columns.size()));
  }
}

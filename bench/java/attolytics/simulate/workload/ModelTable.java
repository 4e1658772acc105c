package attolytics.simulate.workload;

import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.util.List;
import java.util.Locale;

/** A table that requests have rows for, of each kind that matters. */
public enum ModelTable {
  /** Without constraints. */
  EVENTS(0, false, false),
  /** With another unique constraint. */
  ORDERS(1, false, false),
  /** With {@code deduplicate_by}. */
  CLICKS(2, true, false),
  /** Distributed, so that a COPY does not say why it fails. */
  VIEWS(3, false, true);

  /** The number of the table of keys. */
  public static final int KEY_TABLE = 4;

  private static final int QUARANTINE = 5;

  /** Of all tables, those of the service itself, too. */
  public static final int COUNT = 6;

  private final int number;

  @SuppressWarnings("ImmutableEnumChecker") // a Table is
  private final Table table;

  ModelTable(int number, boolean deduplicates, boolean distributed) {
    Column id = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);
    this.number = number;
    this.table =
        new Table(
            null,
            name().toLowerCase(Locale.ROOT),
            number,
            List.of(id),
            null,
            distributed ? id : null,
            deduplicates ? List.of(id) : List.of());
  }

  /** Its place among the tables. */
  public int number() {
    return number;
  }

  /** The number of any table, also of the quarantine. */
  public static int numberOf(Table table) {
    return table.name().equals(Quarantine.NAME) ? QUARANTINE : table.ordinal();
  }

  /** As the schema file has it. */
  public Table table() {
    return table;
  }

  public boolean isUnique() {
    return this == ORDERS || this == CLICKS;
  }
}

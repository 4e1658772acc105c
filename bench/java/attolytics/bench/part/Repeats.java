package attolytics.bench.part;

import attolytics.bench.load.RepeatedRows;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.util.List;

/**
 * What {@code deduplicate_by} costs: the service's own writer, without HTTP, on a table with a
 * unique index, with the key and without, and with rows that repeat.
 */
public final class Repeats {
  public static final String PART = "repeats";

  private static final int ROWS = 1_280;
  private static final List<Column> COLUMNS =
      List.of(
          new Column("event_id", ScalarType.I64, null, Index.NONE, true, 0),
          new Column("time", ScalarType.TIMESTAMP, null, Index.NONE, true, 1),
          new Column("name", ScalarType.STRING, null, Index.NONE, true, 2));
  private static final Table PLAIN = new Table("repeats", 0, COLUMNS);
  private static final Table DEDUPLICATED =
      new Table(null, "repeats", 0, COLUMNS, null, null, COLUMNS.subList(0, 1));

  public static final Scenario UNIQUE_INDEX = scenario("unique index", 0);

  private final Rig rig;
  private final Plan plan;

  public Repeats(Rig rig, Plan plan) {
    this.rig = rig;
    this.plan = plan;
  }

  public void run() throws Exception {
    rig.database().dropTables();
    rig.database()
        .execute(
            "CREATE TABLE repeats (event_id INT8 UNIQUE NOT NULL, time TIMESTAMPTZ NOT NULL,"
                + " name VARCHAR NOT NULL)");
    rig.results().begin(PART);
    Turns turns = new Turns(rig);
    add(turns, UNIQUE_INDEX, PLAIN, 0);
    add(turns, scenario("deduplicate_by", 0), DEDUPLICATED, 0);
    add(turns, scenario("deduplicate_by", 10), DEDUPLICATED, 10);
    turns.take(plan);
    rig.database().dropTables();
  }

  private static Scenario scenario(String load, int percent) {
    return new Scenario(PART, load, 1, ROWS, 1).with("percent repeat", percent);
  }

  private void add(Turns turns, Scenario scenario, Table table, int percent) {
    turns.add(scenario, new RepeatedRows(rig.server(), table, ROWS, percent));
  }
}

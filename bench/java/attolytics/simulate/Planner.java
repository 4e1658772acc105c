package attolytics.simulate;

import attolytics.flush.transaction.FlushException.Stage;
import attolytics.simulate.Fault.Kind;
import attolytics.simulate.Fault.Point;
import attolytics.simulate.Plan.Row;
import attolytics.simulate.Plan.Send;
import attolytics.simulate.Plan.Setup;
import attolytics.simulate.Plan.Trouble;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Draws a plan from a seed. */
final class Planner {
  /** That no server itself but for one request may raise. */
  private static final List<String> OF_SERVER =
      List.of("40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "58030", "XX000");

  /** That end the session. */
  private static final List<String> ENDING = List.of("57P01", "57P02", "57P03");

  private static final List<String> OF_PROXY = List.of("08006", "08P01", "57P01", "58000", "XX000");

  private static final List<String> OF_TABLE = List.of("42P01", "42501", "0A000", "22P03", "3F000");

  /** What a trigger may raise: anything. */
  private static final List<String> OF_ROW =
      List.of(
          "23514", "23502", "22001", "P0001", "23505", "23P01", "54000", // the row's
          "42P01", "42703", "22P04", // the table's
          "40001", "53400", "25006", "28000", "57P01", "26000", "3D000", "08001", "XX000", "55P03",
          "53100", "57014", "58030", "F0000", "08P01", "XYZ00");

  private final long seed;
  private final Draw draw;
  private final int count;
  private final long sendingNanos;
  private final int troublePercent;
  private final int keyPercent;
  private final int lenientPercent;
  private final int maxRows;

  private Planner(long seed, int requests) {
    this.seed = seed;
    this.draw = new Draw(Draw.mix(seed ^ 0x5EED));
    this.count = requests;
    this.sendingNanos = draw.millis(50, 4_000);
    this.troublePercent = draw.of(0, 0, 2, 5, 20, 50);
    this.keyPercent = draw.of(0, 50, 80, 100);
    this.lenientPercent = draw.of(0, 0, 20, 80);
    this.maxRows = draw.of(1, 5, 5, 10, 60);
  }

  /** The plan of a seed. */
  static Plan plan(long seed, int requests) {
    return new Planner(seed, requests).plan();
  }

  private Plan plan() {
    Setup setup =
        new Setup(
            draw.of(1, 2, 2, 2, 2, 3),
            TimeUnit.SECONDS.toNanos(draw.of(5, 8, 12, 30)),
            draw.of(64, 1024, 1024, 4096),
            draw.of(20, 200, 1000),
            draw.of(0L, 0L, 2_000_000L, 20_000_000L),
            draw.of(0, 5, 20));
    List<Plan.Request> requests = requests();
    List<Fault> faults = new ArrayList<>();
    int number = draw.of(0, 1, 1, 2, 3, 5);
    for (int i = 0; i < number; i++) {
      faults.add(fault());
    }
    return new Plan(seed, setup, requests, faults);
  }

  private List<Plan.Request> requests() {
    List<Plan.Request> requests = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      boolean isRival = number > 1 && draw.percent(3) && requests.get(number - 2).key() != null;
      Plan.Request before = isRival ? requests.get(number - 2) : null;
      String key = draw.percent(keyPercent) ? "key-" + number : null;
      if (before != null) {
        key = before.key();
      }
      requests.add(
          new Plan.Request(
              number,
              key,
              draw.percent(lenientPercent),
              1 + draw.below(8),
              rows(key != null && draw.percent(1)),
              sends(key, before)));
    }
    return requests;
  }

  private List<Row> rows(boolean isEmpty) {
    List<Row> rows = new ArrayList<>();
    int number = isEmpty ? 0 : (int) draw.between(1, draw.between(1, maxRows));
    boolean hasTrouble = draw.percent(troublePercent);
    Plan.Kind table = table();
    for (int i = 0; i < number; i++) {
      if (draw.percent(20)) {
        table = table();
      }
      boolean isTroubled = hasTrouble && draw.below(number) == 0;
      long unique = table == Plan.Kind.CLICKS ? draw.below(200) : draw.below(100_000);
      rows.add(new Row(table, unique, isTroubled ? trouble() : null));
    }
    return rows;
  }

  private Plan.Kind table() {
    return draw.of(
        Plan.Kind.EVENTS, Plan.Kind.EVENTS, Plan.Kind.ORDERS, Plan.Kind.CLICKS, Plan.Kind.VIEWS);
  }

  private Trouble trouble() {
    Stage stage = draw.of(Stage.COPY, Stage.COPY, Stage.COPY, Stage.CONSTRAINTS, Stage.COMMIT);
    int what = draw.below(10);
    if (what == 0) {
      long nanos = draw.of(draw.millis(10, 2_000), TimeUnit.MINUTES.toNanos(5));
      Stage slow = stage == Stage.COMMIT ? Stage.CONSTRAINTS : stage;
      return new Trouble(slow, null, nanos, draw.percent(80), false);
    }
    String sqlState = draw.of(OF_ROW);
    boolean ends = what == 1 && stage != Stage.COMMIT;
    return new Trouble(stage, sqlState, 0, draw.percent(80), ends);
  }

  private List<Send> sends(@Nullable String key, Plan.@Nullable Request before) {
    List<Send> sends = new ArrayList<>();
    long nanos = before == null ? draw.between(0, sendingNanos) : before.sends().get(0).nanos();
    if (before == null && draw.percent(50)) {
      nanos = nanos / 500_000_000 * 500_000_000; // in bursts
    }
    int instance = draw.below(Plan.INSTANCES);
    sends.add(new Send(nanos, instance));
    if (key != null && draw.percent(5)) {
      long later = draw.of(0L, draw.millis(0, 5), draw.millis(0, 3_000));
      sends.add(new Send(nanos + later, Plan.INSTANCES - 1 - instance));
    }
    return sends;
  }

  private Fault fault() {
    Kind kind = draw.of(Kind.values());
    long at = draw.between(0, sendingNanos);
    int instance = draw.below(Plan.INSTANCES);
    return switch (kind) {
      case CRASH, FAILOVER, RESTART, REFUSE, READ_ONLY ->
          server(kind, at, draw.millis(1, 12_000), 0);
      case SLOW -> server(kind, at, draw.millis(100, 5_000), draw.of(3, 30, 300));
      case LOCK_TABLE -> server(kind, at, draw.millis(100, 12_000), draw.below(5));
      case HOLD_KEYS -> server(kind, at, draw.millis(100, 12_000), draw.of(1, 2, 5));
      case BREAK_TABLE -> {
        int table = draw.below(5);
        String sqlState = table == Excuses.KEY_TABLE ? "42P01" : draw.of(OF_TABLE);
        yield new Fault(
            kind, at, draw.millis(100, 5_000), instance, Point.BEGIN, 0, sqlState, table);
      }
      case CUT -> connection(kind, at, draw.millis(0, 3_000), instance, draw.of(Point.values()));
      case SILENCE ->
          connection(kind, at, draw.millis(500, 15_000), instance, draw.of(Point.values()));
      case ERROR -> error(at, instance);
      case FREEZE -> instance(kind, at, draw.millis(10, 15_000), instance);
      case KILL, OUT_OF_MEMORY -> instance(kind, at, 0, instance);
      case STOP -> instance(kind, at, draw.millis(100, 15_000), instance);
    };
  }

  private static Fault server(Kind kind, long at, long lasting, int number) {
    return new Fault(kind, at, lasting, 0, Point.BEGIN, 0, null, number);
  }

  private static Fault instance(Kind kind, long at, long lasting, int instance) {
    return new Fault(kind, at, lasting, instance, Point.BEGIN, 0, null, 0);
  }

  private Fault connection(Kind kind, long at, long lasting, int instance, Point point) {
    return new Fault(kind, at, lasting, instance, point, draw.of(1, 1, 2, 4), null, 0);
  }

  private Fault error(long at, int instance) {
    boolean isProxy = draw.percent(30);
    if (isProxy) {
      Point point = draw.of(Point.BEFORE_COMMIT, Point.IN_COMMIT, Point.KEYS, Point.COPY);
      long lasting = draw.of(0L, draw.millis(0, 1_000));
      String sqlState = draw.of(OF_PROXY);
      return new Fault(Kind.ERROR, at, lasting, instance, point, draw.of(1, 1, 3), sqlState, 1);
    }
    Point point =
        draw.of(Point.BEGIN, Point.KEYS, Point.COPY_START, Point.COPY, Point.BEFORE_COMMIT);
    String sqlState = draw.percent(20) ? draw.of(ENDING) : draw.of(OF_SERVER);
    return new Fault(Kind.ERROR, at, 0, instance, point, draw.of(1, 1, 3), sqlState, 0);
  }
}

package attolytics.simulate.plan;

import attolytics.flush.transaction.FlushException.Stage;
import attolytics.simulate.plan.Fault.Kind;
import attolytics.simulate.plan.Fault.Point;
import attolytics.simulate.plan.Plan.Setup;
import attolytics.simulate.runtime.DeterministicRandom;
import attolytics.simulate.workload.ModelTable;
import attolytics.simulate.workload.Request;
import attolytics.simulate.workload.Request.Send;
import attolytics.simulate.workload.Row;
import attolytics.simulate.workload.RowFault;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Generates a plan from a seed. */
public final class PlanGenerator {
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
  private final DeterministicRandom random;
  private final int count;
  private final long sendingNanos;
  private final int rowFaultPercent;
  private final int keyPercent;
  private final int lenientPercent;
  private final int maxRows;

  private PlanGenerator(long seed, int requests) {
    this.seed = seed;
    this.random = new DeterministicRandom(DeterministicRandom.mix(seed ^ 0x5EED));
    this.count = requests;
    this.sendingNanos = random.millis(50, 4_000);
    this.rowFaultPercent = random.of(0, 0, 2, 5, 20, 50);
    this.keyPercent = random.of(0, 50, 80, 100);
    this.lenientPercent = random.of(0, 0, 20, 80);
    this.maxRows = random.of(1, 5, 5, 10, 60);
  }

  /**
   * The plan of a seed.
   *
   * @param requests how many
   */
  public static Plan generate(long seed, int requests) {
    return new PlanGenerator(seed, requests).generate();
  }

  private Plan generate() {
    Setup setup =
        new Setup(
            random.of(1, 2, 2, 2, 2, 3),
            TimeUnit.SECONDS.toNanos(random.of(5, 8, 12, 30)),
            random.of(64, 1024, 1024, 4096),
            random.of(20, 200, 1000),
            deferredBytes(),
            random.of(0L, 0L, 2_000_000L, 20_000_000L),
            random.of(0, 5, 20));
    List<Request> requests = requests();
    List<Fault> faults = new ArrayList<>();
    int number = random.of(0, 1, 1, 2, 3, 5);
    for (int i = 0; i < number; i++) {
      faults.add(fault());
    }
    return new Plan(seed, setup, requests, faults);
  }

  /** By numbers of its own: older seeds have the same plan but for this. */
  private long deferredBytes() {
    return new DeterministicRandom(DeterministicRandom.mix(seed ^ 0xB17E5))
        .of(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, 40_000L, 10_000L);
  }

  private List<Request> requests() {
    List<Request> requests = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      boolean isRival = number > 1 && random.percent(3) && requests.get(number - 2).key() != null;
      Request before = isRival ? requests.get(number - 2) : null;
      String key = random.percent(keyPercent) ? "key-" + number : null;
      if (before != null) {
        key = before.key();
      }
      requests.add(
          new Request(
              number,
              key,
              random.percent(lenientPercent),
              1 + random.below(8),
              rows(key != null && random.percent(1)),
              sends(key, before)));
    }
    return requests;
  }

  private List<Row> rows(boolean isEmpty) {
    List<Row> rows = new ArrayList<>();
    int number = isEmpty ? 0 : (int) random.between(1, random.between(1, maxRows));
    boolean hasRowFault = random.percent(rowFaultPercent);
    ModelTable table = table();
    for (int i = 0; i < number; i++) {
      if (random.percent(20)) {
        table = table();
      }
      boolean isFaulty = hasRowFault && random.below(number) == 0;
      long unique = table == ModelTable.CLICKS ? random.below(200) : random.below(100_000);
      rows.add(new Row(table, unique, isFaulty ? rowFault() : null));
    }
    return rows;
  }

  private ModelTable table() {
    return random.of(
        ModelTable.EVENTS,
        ModelTable.EVENTS,
        ModelTable.ORDERS,
        ModelTable.CLICKS,
        ModelTable.VIEWS);
  }

  private RowFault rowFault() {
    Stage stage = random.of(Stage.COPY, Stage.COPY, Stage.COPY, Stage.CONSTRAINTS, Stage.COMMIT);
    int what = random.below(10);
    if (what == 0) {
      long nanos = random.of(random.millis(10, 2_000), TimeUnit.MINUTES.toNanos(5));
      Stage slow = stage == Stage.COMMIT ? Stage.CONSTRAINTS : stage;
      return new RowFault(slow, null, nanos, random.percent(80), false);
    }
    String sqlState = random.of(OF_ROW);
    boolean ends = what == 1 && stage != Stage.COMMIT;
    return new RowFault(stage, sqlState, 0, random.percent(80), ends);
  }

  private List<Send> sends(@Nullable String key, @Nullable Request before) {
    List<Send> sends = new ArrayList<>();
    long nanos = before == null ? random.between(0, sendingNanos) : before.sends().get(0).nanos();
    if (before == null && random.percent(50)) {
      nanos = nanos / 500_000_000 * 500_000_000; // in bursts
    }
    int instance = random.below(Plan.INSTANCES);
    sends.add(new Send(nanos, instance));
    if (key != null && random.percent(5)) {
      long later = random.of(0L, random.millis(0, 5), random.millis(0, 3_000));
      sends.add(new Send(nanos + later, Plan.INSTANCES - 1 - instance));
    }
    return sends;
  }

  private Fault fault() {
    Kind kind = random.of(Kind.values());
    long at = random.between(0, sendingNanos);
    int instance = random.below(Plan.INSTANCES);
    return switch (kind) {
      case CRASH, FAILOVER, RESTART, REFUSE, READ_ONLY ->
          server(kind, at, random.millis(1, 12_000), 0);
      case SLOW -> server(kind, at, random.millis(100, 5_000), random.of(3, 30, 300));
      case LOCK_TABLE ->
          server(kind, at, random.millis(100, 12_000), random.below(ModelTable.KEY_TABLE + 1));
      case HOLD_KEYS -> server(kind, at, random.millis(100, 12_000), random.of(1, 2, 5));
      case BREAK_TABLE -> {
        int table = random.below(ModelTable.KEY_TABLE + 1);
        String sqlState = table == ModelTable.KEY_TABLE ? "42P01" : random.of(OF_TABLE);
        yield new Fault(
            kind, at, random.millis(100, 5_000), instance, Point.BEGIN, 0, sqlState, table);
      }
      case CUT ->
          connection(kind, at, random.millis(0, 3_000), instance, random.of(Point.values()));
      case SILENCE ->
          connection(kind, at, random.millis(500, 15_000), instance, random.of(Point.values()));
      case ERROR -> error(at, instance);
      case FREEZE -> instance(kind, at, random.millis(10, 15_000), instance);
      case KILL, OUT_OF_MEMORY -> instance(kind, at, 0, instance);
      case STOP -> instance(kind, at, random.millis(100, 15_000), instance);
    };
  }

  private static Fault server(Kind kind, long at, long lasting, int number) {
    return new Fault(kind, at, lasting, 0, Point.BEGIN, 0, null, number);
  }

  private static Fault instance(Kind kind, long at, long lasting, int instance) {
    return new Fault(kind, at, lasting, instance, Point.BEGIN, 0, null, 0);
  }

  private Fault connection(Kind kind, long at, long lasting, int instance, Point point) {
    return new Fault(kind, at, lasting, instance, point, random.of(1, 1, 2, 4), null, 0);
  }

  private Fault error(long at, int instance) {
    boolean isProxy = random.percent(30);
    if (isProxy) {
      Point point = random.of(Point.BEFORE_COMMIT, Point.IN_COMMIT, Point.KEYS, Point.COPY);
      long lasting = random.of(0L, random.millis(0, 1_000));
      String sqlState = random.of(OF_PROXY);
      return new Fault(Kind.ERROR, at, lasting, instance, point, random.of(1, 1, 3), sqlState, 1);
    }
    Point point =
        random.of(Point.BEGIN, Point.KEYS, Point.COPY_START, Point.COPY, Point.BEFORE_COMMIT);
    String sqlState = random.percent(20) ? random.of(ENDING) : random.of(OF_SERVER);
    return new Fault(Kind.ERROR, at, 0, instance, point, random.of(1, 1, 3), sqlState, 0);
  }
}

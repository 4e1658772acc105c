package attolytics.simulate;

import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What all parts of one simulation share. */
final class World {
  private static final Column ID = new Column("id", ScalarType.I64, null, Index.NONE, true, 0);

  private static final int QUARANTINE = Excuses.KEY_TABLE + 1;

  private final Plan plan;
  private final Draw draw;
  private final Scheduler scheduler;
  private final Trace trace;
  private final Server server;
  private final Excuses excuses = new Excuses();
  private final Findings findings = new Findings();
  private final List<Table> tables = new ArrayList<>();
  private final Map<Integer, Plan.Request> requests = new HashMap<>();

  World(Plan plan, Crew crew, boolean legible) {
    this.plan = plan;
    this.draw = new Draw(plan.seed());
    this.scheduler = new Scheduler(crew, draw, plan.setup().pausesPerMille());
    this.trace = new Trace(scheduler, legible);
    this.server = new Server(scheduler, trace);
    for (Plan.Kind kind : Plan.Kind.values()) {
      tables.add(table(kind));
    }
    crew.enter(this);
    plan.requests().forEach(request -> requests.put(request.number(), request));
  }

  private static Table table(Plan.Kind kind) {
    return new Table(
        null,
        kind.name().toLowerCase(Locale.ROOT),
        kind.number(),
        List.of(ID),
        null,
        kind == Plan.Kind.VIEWS ? ID : null,
        kind == Plan.Kind.CLICKS ? List.of(ID) : List.of());
  }

  Plan plan() {
    return plan;
  }

  Draw draw() {
    return draw;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  Trace trace() {
    return trace;
  }

  Server server() {
    return server;
  }

  Findings findings() {
    return findings;
  }

  /** A writer has logged something. */
  void logged(ILoggingEvent event) {
    if (scheduler.isOver()) {
      return;
    }
    trace.note(event.getThreadName(), "logs " + event.getFormattedMessage());
    boolean isError = event.getLevel().isGreaterOrEqual(Level.ERROR);
    // What it says about requests, their answers show.
    boolean isOfAnswer =
        event.getMessage().startsWith("Cannot query the status of a COMMIT in time");
    if (isError && !isOfAnswer && !excuses.isOutOfMemory()) {
      findings.add("an error in the log", event.getFormattedMessage());
    }
  }

  Excuses excuses() {
    return excuses;
  }

  /** By the number of {@link Plan.Kind}. */
  List<Table> tables() {
    return tables;
  }

  int numberOf(Table table) {
    return table.name().equals(Quarantine.NAME) ? QUARANTINE : table.ordinal();
  }

  /** The row of a request, by its id. */
  Plan.Row row(long id) {
    Plan.Request request = requests.get((int) (id / Attempt.MAX_ROWS));
    if (request == null) {
      throw new IllegalStateException("no request has a row " + id);
    }
    return request.rows().get((int) (id % Attempt.MAX_ROWS));
  }

  /** A unique value, with its table. */
  static long value(Plan.Row row) {
    return ((long) row.table().number() << 32) + row.unique();
  }

  /** A time of the plan, by the clock. */
  static long at(long nanos) {
    return Scheduler.START + nanos;
  }
}

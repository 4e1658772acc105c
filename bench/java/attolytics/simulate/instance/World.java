package attolytics.simulate.instance;

import attolytics.simulate.oracle.FaultHistory;
import attolytics.simulate.oracle.Findings;
import attolytics.simulate.plan.Plan;
import attolytics.simulate.runtime.DeterministicRandom;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.runtime.ThreadPool;
import attolytics.simulate.runtime.Trace;
import attolytics.simulate.server.Server;
import attolytics.simulate.workload.Request;
import attolytics.simulate.workload.Row;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.HashMap;
import java.util.Map;

/** What all parts of one simulation share. */
public final class World {
  private final Plan plan;
  private final DeterministicRandom random;
  private final Scheduler scheduler;
  private final Trace trace;
  private final Server server;
  private final FaultHistory faultHistory = new FaultHistory();
  private final Findings findings = new Findings();
  private final Map<Integer, Request> requests = new HashMap<>();

  public World(Plan plan, ThreadPool pool, boolean legible) {
    this.plan = plan;
    this.random = new DeterministicRandom(plan.seed());
    this.scheduler = new Scheduler(pool, random, plan.setup().pausesPerMille());
    this.trace = new Trace(scheduler, legible);
    this.server = new Server(scheduler, trace);
    scheduler.setLogListener(this::logged);
    plan.requests().forEach(request -> requests.put(request.number(), request));
  }

  public Plan plan() {
    return plan;
  }

  public DeterministicRandom random() {
    return random;
  }

  public Scheduler scheduler() {
    return scheduler;
  }

  public Trace trace() {
    return trace;
  }

  public Server server() {
    return server;
  }

  public FaultHistory faultHistory() {
    return faultHistory;
  }

  public Findings findings() {
    return findings;
  }

  /** A writer has logged something. */
  private void logged(ILoggingEvent event) {
    trace.note(event.getThreadName(), "logs " + event.getFormattedMessage());
    boolean isError = event.getLevel().isGreaterOrEqual(Level.ERROR);
    // What it says about requests, their answers show.
    boolean isOfAnswer =
        event.getMessage().startsWith("Cannot query the status of a COMMIT in time");
    if (isError && !isOfAnswer && !faultHistory.isOutOfMemory()) {
      findings.add("an error in the log", event.getFormattedMessage());
    }
  }

  /** The row of a request, by its id. */
  Row row(long id) {
    Request request = requests.get(Request.numberOf(id));
    if (request == null) {
      throw new IllegalStateException("no request has a row " + id);
    }
    return request.rows().get(Request.rowOf(id));
  }
}

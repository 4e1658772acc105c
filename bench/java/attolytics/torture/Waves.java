package attolytics.torture;

import java.io.IOException;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.postgresql.util.PSQLState;

/** Makes the scheduled faults happen, wave after wave, and waits after each for things to heal. */
final class Waves {
  /** How long healing may take: a JVM may have to start on a busy machine. */
  private static final long HEALING_SECONDS = 30;

  /** Longer than any fault, together with those that it waits for. */
  private static final long STRIKE_SECONDS = 180;

  private static final long CALM_MILLIS = 700;

  private final Scene scene;
  private final Schedule schedule;
  private final PrintWriter console;

  Waves(Scene scene, PrintWriter console) {
    this.scene = scene;
    this.schedule = new Schedule(scene.settings().seed(), scene.settings().faults());
    this.console = console;
  }

  /**
   * Goes on until the time is over, by {@link System#nanoTime()}, or an instance cannot be started.
   */
  void run(long end) throws InterruptedException {
    boolean healed = true;
    for (int wave = 1; healed && System.nanoTime() - end < 0; wave++) {
      List<Strike> strikes = new ArrayList<>(schedule.wave());
      strikes.sort(Comparator.comparingLong(Strike::afterMillis));
      say("wave " + wave);
      strike(strikes);
      healed = heal();
    }
  }

  private void strike(List<Strike> strikes) throws InterruptedException {
    long start = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    for (Strike strike : strikes) {
      Thread thread = new Thread(() -> strike(strike, start), strike.toString());
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(STRIKE_SECONDS));
      if (thread.isAlive()) {
        scene.findings().add("a fault does not end", thread.getName());
      }
    }
  }

  /** Whether it had an effect. It has none if other faults take its connection from it. */
  private boolean carryOut(Strike strike) throws Exception {
    try {
      return strike.fault().blow().strike(scene, strike);
    } catch (SQLException e) {
      if (PSQLState.isConnectionError(e.getSQLState())) {
        return false;
      }
      throw e;
    }
  }

  private void strike(Strike strike, long start) {
    try {
      long due = start + TimeUnit.MILLISECONDS.toNanos(strike.afterMillis());
      TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
      boolean hit = carryOut(strike);
      scene.tally().struck(strike.fault(), hit);
      say(
          "  %s until %s%s"
              .formatted(strike, scene.timeline().at(System.nanoTime()), hit ? "" : ": missed"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      scene.findings().add("a fault failed", strike + ": " + e);
    }
  }

  /**
   * All instances have to be ready again by themselves.
   *
   * @return whether all of them run
   */
  private boolean heal() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HEALING_SECONDS);
    for (Instance instance : scene.instances()) {
      if (!restartIfDead(instance)) {
        return false;
      }
      awaitReady(instance, deadline);
    }
    Thread.sleep(CALM_MILLIS);
    return true;
  }

  /** Whether it runs now. */
  private boolean restartIfDead(Instance instance) throws InterruptedException {
    if (instance.isAlive()) {
      return true;
    }
    scene.findings().add("a process died", instance + "\n" + instance.endOfLog());
    try {
      instance.start();
      return true;
    } catch (IOException e) {
      scene.findings().add("an instance cannot be started", instance + "\n" + instance.endOfLog());
      say("  " + instance + " cannot be started: no more waves");
      return false;
    }
  }

  private void awaitReady(Instance instance, long deadline) throws InterruptedException {
    try {
      String unready = instance.unready();
      while (unready != null && System.nanoTime() - deadline < 0) {
        Thread.sleep(100);
        unready = instance.unready();
      }
      if (unready != null) {
        scene.findings().add("not ready again", instance + ": " + unready);
        Signal.QUIT.send(instance.process().pid());
      } else {
        instance.sampleWriters();
      }
    } catch (IOException e) {
      scene.findings().add("no metrics", instance + ": " + e);
    }
  }

  private void say(String what) {
    console.println(scene.timeline().at(System.nanoTime()) + " " + what);
  }
}

package attolytics.cli;

import attolytics.app.OutOfMemoryExit;
import attolytics.app.Service;
import attolytics.app.Signals;
import attolytics.logging.Logging;
import attolytics.quarantine.ReplaySelection;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import ch.qos.logback.classic.LoggerContext;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.slf4j.LoggerFactory;

/** Entry point. */
public final class Main {
  private Main() {}

  /**
   * Always exits, because threads of a service that can neither run nor stop would keep the process
   * alive, for example after an Error because the jar has been overwritten.
   */
  public static void main(String[] args) {
    int exitCode = 1;
    try {
      exitCode = execute(args);
    } catch (RuntimeException | Error e) {
      System.err.println("error: internal error: " + e);
    } finally {
      System.exit(exitCode);
    }
  }

  private static int execute(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
    PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
    AttolyticsCommand.Actions actions =
        new AttolyticsCommand.Actions() {
          @Override
          public int serve(Settings settings) throws StartException {
            return run(settings);
          }

          @Override
          public int check(Settings settings) throws StartException, InterruptedException {
            return Check.run(settings, System.getenv(), out);
          }

          @Override
          public int migrate(Settings settings, boolean apply)
              throws StartException, InterruptedException {
            return Migrate.run(settings, apply, System.getenv(), out);
          }

          @Override
          public int replay(Settings settings, ReplaySelection selection, boolean dryRun)
              throws StartException, InterruptedException {
            return Replay.run(settings, selection, dryRun, System.getenv(), out);
          }
        };
    return AttolyticsCommand.execute(args, System.getenv(), actions, out, err);
  }

  private static int run(Settings settings) throws StartException {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      OutOfMemoryExit.install(context);
    }
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch hurry = new CountDownLatch(1);
    Signals.onStop(() -> (stop.getCount() > 0 ? stop : hurry).countDown());
    Semaphore reloads = new Semaphore(0);
    Signals.onReload(reloads::release);
    try {
      Service service = Service.start(settings, System.getenv(), stop);
      service.reloadOn(reloads);
      stop.await();
      return service.stop(hurry) ? 0 : 1;
    } catch (InterruptedException e) {
      return 0; // stopped during the start
    } finally {
      Logging.end();
    }
  }
}

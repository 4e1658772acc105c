package attolytics.app;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** Entry point. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
    PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
    AttolyticsCommand.Action check = settings -> Check.run(settings, System.getenv(), out);
    AttolyticsCommand.Action migrate = settings -> Migrate.run(settings, System.getenv(), out);
    System.exit(
        AttolyticsCommand.execute(args, System.getenv(), Main::run, check, migrate, out, err));
  }

  private static int run(Settings settings) throws StartException {
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch hurry = new CountDownLatch(1);
    Signals.onStop(() -> (stop.getCount() > 0 ? stop : hurry).countDown());
    Semaphore reloads = new Semaphore(0);
    Signals.onReload(reloads::release);
    try {
      Service service = Service.start(settings, System.getenv(), stop);
      service.reloadWhenever(reloads);
      stop.await();
      return service.stop(hurry) ? 0 : 1;
    } catch (InterruptedException e) {
      return 0; // told to stop before the start was over
    } finally {
      Logging.end();
    }
  }
}

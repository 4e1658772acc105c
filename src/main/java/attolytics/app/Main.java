package attolytics.app;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.slf4j.LoggerFactory;

/** Entry point. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
    PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
    System.exit(AttolyticsCommand.execute(args, System.getenv(), Main::run, out, err));
  }

  private static int run(Settings settings) {
    LoggerFactory.getLogger(Main.class).info("{}", settings);
    return 0;
  }
}

package attolytics.torture;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The torture test as a command: {@code bench/torture}. */
@Command(
    name = "bench/torture",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description =
        "Hurts two instances of the service and their PostgreSQL in many ways while clients send"
            + " requests, and checks that what the clients were told is what the database holds.")
public final class Torture implements Callable<Integer> {
  @Option(names = "--minutes", description = "How long faults go on.")
  private double minutes = 1;

  @Option(names = "--seed", description = "Of the schedule and the requests (default: another).")
  private @Nullable Long seed;

  @Option(names = "--clients", description = "That send all the time.")
  private int clients = 32;

  @Option(names = "--ack-timeout", description = "Of the services, in seconds.")
  private long ackTimeout = Settings.ACK_TIMEOUT.toSeconds();

  @Option(names = "--writers", description = "Of each service.")
  private int writers = Settings.WRITERS;

  @Option(
      names = "--pooled",
      description =
          "How many of the services have PgBouncer before their database, in transaction mode"
              + " (default: one, if it is installed).")
  private @Nullable Integer pooled;

  @Option(names = "--no-keys", description = "Send no Idempotency-Keys.")
  private boolean noKeys;

  @Option(names = "--fault", description = "Only this fault, repeatable: ${COMPLETION-CANDIDATES}.")
  private List<Fault> faults = List.of();

  @Option(
      names = "--embedded",
      description = "Take the embedded PostgreSQL even if there is another.")
  private boolean embedded;

  @Option(names = "--service", description = "An option for the service, repeatable.")
  private List<String> serviceOptions = List.of();

  @Option(names = "--out", description = "Directory of the logs: a new one in it for each run.")
  private Path out = Path.of("target", "torture");

  public static void main(String[] args) {
    CommandLine command = new CommandLine(new Torture()).setCaseInsensitiveEnumValuesAllowed(true);
    System.exit(command.execute(args));
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replace(":", "");
    Settings settings =
        new Settings(
            seed == null ? new SecureRandom().nextInt(Integer.MAX_VALUE) : seed,
            Duration.ofMillis((long) (minutes * 60_000)),
            clients,
            Duration.ofSeconds(ackTimeout),
            !noKeys,
            faults,
            writers,
            pooled == null ? Settings.defaultPooled() : pooled,
            embedded,
            true,
            out.resolve(now),
            serviceOptions);
    TortureRun run = new TortureRun(settings, console);
    // Also if it is interrupted, so that no server is left behind.
    Runtime.getRuntime().addShutdownHook(new Thread(run::close, "close"));
    try {
      return run.run() ? 0 : 1;
    } finally {
      run.close();
    }
  }
}

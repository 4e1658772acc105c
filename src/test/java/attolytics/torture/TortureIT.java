package attolytics.torture;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.Eventually;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A short run of the torture test; {@code bench/torture} makes longer ones. How long requests wait
 * for others is not judged here, where the machine may be slow: the simulator does, on virtual
 * time.
 */
class TortureIT {
  private static final long SEED = 7;
  private static final Path OUT = Path.of("target", "torture");

  @Test
  @Timeout(420)
  void fewFaults_nothingLostDoubledTornOrUnanswered() throws Exception {
    StringWriter said = new StringWriter();
    try (TortureRun run = run("it", Duration.ofSeconds(35), 16, List.of(), said)) {
      assertTrue(run.run(), said::toString);
    }
  }

  private static TortureRun run(
      String name, Duration duration, int clients, List<Fault> faults, StringWriter said) {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "signals are sent by a Unix shell");
    Settings settings =
        new Settings(
            SEED,
            duration,
            clients,
            Settings.ACK_TIMEOUT,
            true,
            faults,
            Settings.WRITERS,
            Settings.defaultPooled(),
            false,
            false,
            OUT.resolve(name),
            List.of());
    return new TortureRun(settings, new PrintWriter(said, true));
  }

  @Test
  @Timeout(420)
  void instanceThatCannotBeStarted_isAFinding_andTheVerdictIsGiven() throws Exception {
    StringWriter said = new StringWriter();
    try (TortureRun run =
        run("no-start", Duration.ofDays(1), 2, List.of(Fault.CANCEL_BACKENDS), said)) {
      CompletableFuture<Boolean> passed =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return run.run();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      Eventually.await(() -> said.toString().contains("wave 2") || passed.isDone());
      Path schema = OUT.resolve("no-start/schema.yaml");
      Files.writeString(schema, "of the test");
      kill(schema);
      assertFalse(passed.get(), said::toString);
      String verdict = said.toString();
      assertTrue(verdict.contains("FAILED") && verdict.contains("cannot be started=1"), verdict);
      assertTrue(verdict.contains("error: "), verdict); // the end of its log
    }
  }

  /** One of the services with this schema file. */
  private static void kill(Path schema) {
    ProcessHandle.current()
        .children()
        .filter(
            child ->
                child
                    .info()
                    .arguments()
                    .map(List::of)
                    .orElse(List.of())
                    .contains(schema.toString()))
        .findFirst()
        .orElseThrow()
        .destroyForcibly();
  }
}

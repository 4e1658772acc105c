package attolytics.torture;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A short run of the torture test; {@code bench/torture} makes longer ones. */
class TortureIT {
  private static final long SEED = 7;

  @Test
  @Timeout(420)
  void fewFaults_nothingLostDoubledTornOrUnanswered() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "signals are sent by a Unix shell");
    Settings settings =
        new Settings(
            SEED,
            Duration.ofSeconds(35),
            16,
            Settings.ACK_TIMEOUT,
            true,
            List.of(),
            Settings.WRITERS,
            Settings.defaultPooled(),
            false,
            Path.of("target", "torture", "it"),
            List.of());
    StringWriter said = new StringWriter();
    try (TortureRun run = new TortureRun(settings, new PrintWriter(said, true))) {
      assertTrue(run.run(), said::toString);
    }
  }
}

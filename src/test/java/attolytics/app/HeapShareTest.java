package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.settings.Environment;
import attolytics.settings.Settings;
import attolytics.settings.SettingsOptions;
import attolytics.settings.StartException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class HeapShareTest {
  private static final long MIB = 1 << 20;

  private static Settings settings(String... options) {
    SettingsOptions mixin = new SettingsOptions(new Environment(Map.of()));
    CommandLine command = new CommandLine(CommandLine.Model.CommandSpec.create());
    command.addMixin("settings", mixin);
    command.parseArgs(options);
    return mixin.toSettings();
  }

  /** The numbers of docs/operations.md. */
  @ParameterizedTest
  @CsvSource({
    "64, 18, 1, 1843, 72",
    "128, 48, 2, 4915, 192",
    "256, 112, 2, 11468, 448",
    "512, 240, 2, 24576, 960"
  })
  void whatDoesNotFit_isLowered(long heap, long buffer, int large, int connections, int heads)
      throws Exception {
    Settings greedy = settings("--writers=1", "--max_buffer=1GiB", "--max_connections=1000000");
    HeapShare share = HeapShare.of(greedy, heap * MIB, 2);
    assertEquals(new HeapShare(buffer * MIB, large, connections, heads), share);
  }

  @Test
  void whatFits_staysAsItIs() throws Exception {
    HeapShare share = HeapShare.of(settings("--max_connections=500"), 256 * MIB, 2);
    assertEquals(64 * MIB, share.buffer());
    assertEquals(500, share.connections());
  }

  /** Four bodies for each that is decoded; buffer, connections and heads leave a quarter. */
  @ParameterizedTest
  @CsvSource({"256, 16, 16", "256, 16, 1", "64, 16, 1", "64, 1, 1", "256, 64, 1", "1024, 64, 16"})
  void whatManyProcessorsDecode_fitsBesideTheRest(long heap, int processors, int maxBody)
      throws Exception {
    Settings settings = settings("--writers=4", "--max_body=" + maxBody + "MiB");
    HeapShare share = HeapShare.of(settings, heap * MIB, processors);
    assertTrue(share.largeBodies() >= 1 && share.largeBodies() <= processors, share::toString);
    long decoding = 4L * maxBody * MIB * share.largeBodies();
    long rest = (heap - 20 - 4 * 4) * MIB - decoding;
    assertTrue(share.buffer() <= rest / 2, share::toString);
    assertTrue(share.connections() * 2_560L <= rest / 8, share::toString);
    assertTrue(share.largeBodies() == 1 || decoding <= heap * MIB / 8, share::toString);
  }

  @Test
  void heapTooSmallForABody_failsTheStartAndSaysWhatToDo() {
    StartException e =
        assertThrows(
            StartException.class,
            () -> HeapShare.of(settings("--writers=1", "--max_body=8MiB"), 64 * MIB, 2));
    assertTrue(
        String.valueOf(e.getMessage()).contains("raise it by -Xmx to 120 MiB"), e::getMessage);
  }
}

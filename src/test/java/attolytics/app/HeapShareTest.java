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
    "64, 18, 1843, 72",
    "128, 50, 5120, 200",
    "256, 114, 11673, 456",
    "512, 242, 24780, 968"
  })
  void whatDoesNotFit_isLowered(long heap, long buffer, int connections, int heads)
      throws Exception {
    Settings greedy = settings("--writers=1", "--max_buffer=1GiB", "--max_connections=1000000");
    HeapShare share = HeapShare.of(greedy, heap * MIB);
    assertEquals(new HeapShare(buffer * MIB, connections, heads), share);
  }

  @Test
  void whatFits_staysAsItIs() throws Exception {
    HeapShare share = HeapShare.of(settings("--max_connections=500"), 256 * MIB);
    assertEquals(64 * MIB, share.buffer());
    assertEquals(500, share.connections());
  }

  @Test
  void heapTooSmallForABody_failsTheStartAndSaysWhatToDo() {
    StartException e =
        assertThrows(
            StartException.class,
            () -> HeapShare.of(settings("--writers=1", "--max_body=8MiB"), 64 * MIB));
    assertTrue(
        String.valueOf(e.getMessage()).contains("raise it by -Xmx to 92 MiB"), e::getMessage);
  }
}

package attolytics.bench.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Time of all processors since the machine was started, and how much of it none of them had
 * anything to do, as Linux tells in {@code /proc/stat}; not a number on other systems.
 *
 * @param idle in ticks; waiting for a disk counts as idle, as the processor could do other work
 * @param all in ticks
 */
public record IdleTime(double idle, double all) {
  private static final Path STAT = Path.of("/proc/stat");

  // Of the line "cpu user nice system idle iowait irq softirq steal guest guest_nice":
  private static final int IDLE = 4;
  private static final int IOWAIT = 5;
  private static final int STEAL = 8; // guests, behind it, are part of user and nice

  public static IdleTime now() {
    try {
      return parse(Files.readAllLines(STAT));
    } catch (IOException e) {
      return new IdleTime(Double.NaN, Double.NaN);
    }
  }

  /** The first line of the file has the sums. */
  static IdleTime parse(List<String> stat) {
    String[] fields = stat.get(0).split(" +", -1);
    double all = 0;
    for (int i = 1; i <= STEAL; i++) {
      all += Long.parseLong(fields[i]);
    }
    return new IdleTime(Long.parseLong(fields[IDLE]) + Long.parseLong(fields[IOWAIT]), all);
  }

  /** The idle share, 0 to 1, from an earlier time to this one. */
  public double shareSince(IdleTime before) {
    return (idle - before.idle) / (all - before.all);
  }
}

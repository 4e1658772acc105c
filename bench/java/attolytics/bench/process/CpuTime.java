package attolytics.bench.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * CPU seconds that a process has used so far, as Linux tells in {@code /proc}, to a hundredth; not
 * a number on other systems.
 */
public final class CpuTime {
  /** Fixed, whatever the kernel's own clock. */
  private static final double TICKS_A_SECOND = 100;

  /** Of the fields behind the command: utime, stime, cutime, cstime. */
  private static final int USER = 11;

  private CpuTime() {}

  /** Of the process with all its threads, without its children. */
  public static double ofProcess(long pid) {
    return seconds(pid, 2);
  }

  /** Of the process and its children, those that have ended too. */
  public static double ofFamily(long pid) {
    List<ProcessHandle> children =
        ProcessHandle.of(pid).map(parent -> parent.children().toList()).orElse(List.of());
    double sum = seconds(pid, 4);
    for (ProcessHandle child : children) {
      double seconds = seconds(child.pid(), 4);
      sum += Double.isNaN(seconds) ? 0 : seconds; // it has just ended
    }
    return sum;
  }

  private static double seconds(long pid, int fields) {
    String stat;
    try {
      stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    } catch (IOException e) {
      return Double.NaN;
    }
    // The command, in parentheses, may hold spaces.
    String[] behindCommand = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = 0;
    for (int i = 0; i < fields; i++) {
      ticks += Long.parseLong(behindCommand[USER + i]);
    }
    return ticks / TICKS_A_SECOND;
  }
}

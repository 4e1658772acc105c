package attolytics.app;

import java.nio.file.Files;
import java.nio.file.Path;

/** An agent that fills the heap of the process to the brim, and keeps it so. */
public final class HeapFiller {
  private static final int LARGEST = 1 << 20;
  private static final int SMALLEST = 16;

  @SuppressWarnings("unused") // but kept
  private static Object[] kept = {};

  private HeapFiller() {}

  /**
   * Called by the JVM before main.
   *
   * @param file once it is there, the heap is filled
   */
  public static void premain(String file) {
    Thread thread = new Thread(() -> fillOnce(Path.of(file)), "heap-filler");
    thread.setDaemon(true);
    thread.start();
  }

  private static void fillOnce(Path file) {
    try {
      while (!Files.exists(file)) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      return;
    }
    int size = LARGEST;
    while (size >= SMALLEST) {
      try {
        kept = new Object[] {kept, new byte[size]};
      } catch (OutOfMemoryError e) {
        size /= 2;
      }
    }
  }
}

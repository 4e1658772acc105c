package attolytics.buffer;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Time, and the waiting of threads. The tests and the simulator replace it by a clock of theirs.
 */
@FunctionalInterface
public interface NanoClock {
  /** The clock of the JVM. */
  NanoClock SYSTEM = System::nanoTime;

  /** The time, as of {@link System#nanoTime()}: only differences have a meaning. */
  long nanoTime();

  /** As {@link LockSupport#parkNanos(long)}: may return early. */
  default void parkNanos(long nanos) {
    LockSupport.parkNanos(this, nanos);
  }

  /** As {@link LockSupport#unpark}. */
  default void unpark(@Nullable Thread thread) {
    LockSupport.unpark(thread);
  }
}

package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LoggedProgressTest {
  private final CountDownLatch stop = new CountDownLatch(1);
  private final AtomicInteger running = new AtomicInteger();
  private final List<String> log = new ArrayList<>();
  private final LoggedProgress progress =
      new LoggedProgress(stop, running::incrementAndGet, log::add);

  @Test
  void check_goesOn_untilTheServiceStops() throws SQLException {
    progress.check();
    assertFalse(progress.isStopped());
    stop.countDown();
    assertThrows(SQLException.class, progress::check);
    assertTrue(progress.isStopped());
    assertEquals(1, running.get());
  }

  @Test
  void committed_isLogged() {
    progress.committed(List.of("CREATE a", "CREATE b"));
    assertEquals(List.of("CREATE a", "CREATE b"), log);
  }
}

package attolytics.http.server;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xnio.conduits.ReadReadyHandler;
import org.xnio.conduits.StreamSourceConduit;

class LazySuspendConduitTest {
  private final List<String> calls = new ArrayList<>();
  private boolean isResumed;
  private @Nullable ReadReadyHandler ready;
  private final LazySuspendConduit conduit = new LazySuspendConduit(socket());

  @BeforeEach
  void listen() {
    conduit.setReadReadyHandler(
        new ReadReadyHandler() {
          @Override
          public void readReady() {
            calls.add("listener");
          }

          @Override
          public void forceTermination() {
            calls.add("forceTermination");
          }

          @Override
          public void terminated() {
            calls.add("terminated");
          }
        });
    conduit.resumeReads();
    calls.clear();
  }

  @Test
  void suspendReads_withNothingToRead_doesNotReachTheSocket() {
    conduit.suspendReads();
    assertFalse(conduit.isReadResumed());
    assertEquals(List.of(), calls);
    conduit.resumeReads();
    assertTrue(conduit.isReadResumed());
    ready().readReady();
    assertEquals(List.of("resumeReads", "listener"), calls);
  }

  @Test
  void suspendReads_whenSomethingArrives_reachesTheSocket() {
    conduit.suspendReads();
    ready().readReady();
    assertEquals(List.of("suspendReads"), calls);
    conduit.resumeReads();
    ready().readReady();
    assertEquals(List.of("suspendReads", "resumeReads", "listener"), calls);
  }

  @Test
  void wakeupReads_endsASuspension() {
    conduit.suspendReads();
    conduit.wakeupReads();
    ready().readReady();
    assertEquals(List.of("wakeupReads", "listener"), calls);
  }

  @Test
  void termination_isPassedOn() {
    conduit.suspendReads();
    ready().terminated();
    ready().forceTermination();
    assertEquals(List.of("terminated", "forceTermination"), calls);
  }

  private ReadReadyHandler ready() {
    return requireNonNull(ready);
  }

  /** The conduit next to the socket. */
  private StreamSourceConduit socket() {
    return (StreamSourceConduit)
        Proxy.newProxyInstance(
            StreamSourceConduit.class.getClassLoader(),
            new Class<?>[] {StreamSourceConduit.class},
            (proxy, method, args) -> {
              switch (method.getName()) {
                case "setReadReadyHandler" -> ready = (ReadReadyHandler) args[0];
                case "isReadResumed" -> {
                  return isResumed;
                }
                default -> {
                  calls.add(method.getName());
                  isResumed = !method.getName().equals("suspendReads");
                }
              }
              return null;
            });
  }
}

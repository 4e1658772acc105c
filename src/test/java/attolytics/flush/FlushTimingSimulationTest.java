package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.flush.FlushTimingSimulation.Load;
import attolytics.flush.FlushTimingSimulation.Policy;
import attolytics.flush.FlushTimingSimulation.Result;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Under no load another policy, or one writer, would be much better. */
class FlushTimingSimulationTest {
  static List<Load> loads() {
    return FlushTimingSimulation.LOADS;
  }

  static Stream<Load> openLoops() {
    return loads().stream().filter(load -> load.rate() > 0);
  }

  static Stream<Load> loneClients() {
    return loads().stream().filter(load -> load.clients() == 1);
  }

  @ParameterizedTest
  @MethodSource("loads")
  void timing_answersAsManyAsTheBestPolicy(Load load) {
    double adaptive = FlushTimingSimulation.run(load, Policy.ADAPTIVE, 2).requestsPerSecond();
    for (Policy policy : List.of(Policy.NEVER, Policy.ALWAYS)) {
      for (int writers = 1; writers <= 2; writers++) {
        double other = FlushTimingSimulation.run(load, policy, writers).requestsPerSecond();
        assertTrue(
            adaptive > 0.97 * other,
            adaptive + " requests/s, " + other + " with " + policy + " and writers: " + writers);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("openLoops")
  void transactions_areFew_ifClientsSendAtTheirOwnPace(Load load) {
    Result result = FlushTimingSimulation.run(load, Policy.ADAPTIVE, 2);
    assertAll(
        () -> assertTrue(result.transactionsPerSecond() <= 200, result::toString),
        () -> assertTrue(result.p99() < 15, result::toString));
  }

  @ParameterizedTest
  @MethodSource("loneClients")
  void loneClient_neverWaits(Load load) {
    Result result = FlushTimingSimulation.run(load, Policy.ADAPTIVE, 2);
    assertTrue(result.p99() < 1.05 * result.p50(), result::toString);
  }
}

package attolytics.decode;

import attolytics.schema.App;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** {@link Decoder} and {@link Reference} make the same of bodies of all sorts. */
class AgreementTest {
  private final Oracle oracle = new Oracle();

  @Property(tries = 10_000, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
  void wellFormedBodies(@ForAll Random random, @ForAll boolean strict) {
    oracle.check(app(strict), Oracle.body(new Samples(random).events(4)));
  }

  @Property(tries = 10_000, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
  void damagedBodies(@ForAll Random random, @ForAll boolean strict) {
    Samples samples = new Samples(random);
    oracle.check(app(strict), samples.damaged(Oracle.body(samples.events(3))));
  }

  @Property(tries = 2_000, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
  void anyJson(@ForAll Random random) {
    Samples samples = new Samples(random);
    oracle.check(Oracle.STRICT, samples.value().getBytes(StandardCharsets.UTF_8));
  }

  private static App app(boolean strict) {
    return strict ? Oracle.STRICT : Oracle.LENIENT;
  }
}

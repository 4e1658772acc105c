package attolytics.decode;

import attolytics.schema.App;
import attolytics.schema.Validation;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@link Decoder} and {@link Reference} agree, as {@link AgreementTest} checks with many more
 * bodies, which differ each time: mutation testing needs few, and always the same.
 */
class SameBodiesTest {
  private static final int BODIES = 300;

  private final Oracle oracle = new Oracle();

  @ParameterizedTest
  @EnumSource
  void bodies_areDecodedAsByTheReference(Validation validation) {
    App app = validation == Validation.STRICT ? Oracle.STRICT : Oracle.LENIENT;
    for (int seed = 0; seed < BODIES; seed++) {
      Samples samples = new Samples(new Random(seed));
      oracle.check(app, Oracle.body(samples.events(4)));
      oracle.check(app, samples.damaged(Oracle.body(samples.events(3))));
    }
  }
}

package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.Seeds;
import attolytics.schema.App;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** {@link Decoder} and {@link Reference} agree on random bodies. */
class AgreementTest {
  private static final JsonFactory JACKSON = new JsonFactory();

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

  @Example
  void seedsOfTheFuzzer() throws IOException {
    DecoderFuzz fuzz = new DecoderFuzz();
    for (Path seed : Seeds.of(DecoderFuzz.class, "decode")) {
      fuzz.decode(Files.readAllBytes(seed));
    }
  }

  /** The reference's parser is right, too. */
  @Property(tries = 10_000, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
  void reference_acceptsTheSameJsonAsJackson(@ForAll Random random) throws Exception {
    Samples samples = new Samples(random);
    byte[] json = samples.damaged(samples.value().getBytes(StandardCharsets.UTF_8));
    String text = new String(json, StandardCharsets.UTF_8); // with what is not UTF-8 replaced
    boolean taken;
    try (JsonParser jackson = JACKSON.createParser(text)) {
      taken = jackson.nextToken() != null;
      jackson.skipChildren();
      taken &= jackson.nextToken() == null;
    } catch (JsonProcessingException e) {
      if (e.getOriginalMessage().contains("surrogate")) {
        return; // Jackson refuses them in names, without any ground in RFC 8259
      }
      taken = false;
    }
    assertEquals(taken, isJson(text), text);
  }

  private static boolean isJson(String text) {
    try {
      Tree.parse(text);
      return true;
    } catch (Tree.NoJson e) {
      return false;
    }
  }

  private static App app(boolean strict) {
    return strict ? Oracle.STRICT : Oracle.LENIENT;
  }
}

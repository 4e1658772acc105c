package attolytics.encoding;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.IOContext;
import com.fasterxml.jackson.core.json.UTF8StreamJsonParser;
import com.fasterxml.jackson.core.sym.ByteQuadsCanonicalizer;
import java.io.IOException;

/**
 * jackson-core's parser, except that it accepts names with unpaired surrogates. JSON allows them;
 * if they were refused here, one event with such a name would cost all events of its body.
 */
final class Utf8JsonParser extends UTF8StreamJsonParser {
  /**
   * Makes parsers without the limits of the library on texts and numbers: a body has its own. To
   * read a name takes many times its size.
   */
  static final class Factory extends JsonFactory {
    private static final long serialVersionUID = 1;

    Factory() {
      super(
          new JsonFactoryBuilder()
              // Clients could fill a table of names, and make its hash values collide.
              .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxNestingDepth(MAX_DEPTH)
                      .maxNumberLength(Integer.MAX_VALUE)
                      .maxStringLength(Integer.MAX_VALUE)
                      .maxNameLength(MAX_NAME_BYTES)
                      .build()));
    }

    /**
     * A parser of the bytes from an offset to another. All offsets that it gives are in the array.
     */
    Utf8JsonParser create(byte[] bytes, int from, int to) {
      IOContext context = _createContext(_createContentReference(bytes, from, to - from), false);
      return new Utf8JsonParser(
          context,
          _parserFeatures,
          _byteSymbolCanonicalizer.makeChildOrPlaceholder(_factoryFeatures),
          bytes,
          from,
          to);
    }
  }

  /** The maximum nesting depth of arrays and objects. */
  static final int MAX_DEPTH = 1000;

  /** The maximum length of a name. */
  static final int MAX_NAME_BYTES = 1 << 16;

  private static final char REPLACEMENT = '\uFFFD';

  private boolean inString; // and not in a name
  private boolean stringHasEscapes;
  private boolean afterHighSurrogate;
  private boolean nameHasLoneSurrogate;

  private Utf8JsonParser(
      IOContext context,
      int features,
      ByteQuadsCanonicalizer names,
      byte[] bytes,
      int from,
      int to) {
    super(context, features, null, null, names, bytes, from, to, from, false);
  }

  /** Whether a name that was read since {@link #forgetName()} had an unpaired surrogate. */
  boolean nameHasLoneSurrogate() {
    return nameHasLoneSurrogate;
  }

  void forgetName() {
    nameHasLoneSurrogate = false;
  }

  /** The offset of the next byte. */
  int offset() {
    return _inputPtr;
  }

  /** If the current value is a string, reads it to its end, without its chars. */
  void finishValue() throws IOException {
    if (_tokenIncomplete) {
      _skipString();
    }
  }

  /** Whether the string that was read last has escapes. */
  boolean stringHasEscapes() {
    return stringHasEscapes;
  }

  @Override
  protected void _skipString() throws IOException {
    stringHasEscapes = false;
    inString = true;
    super._skipString();
    inString = false;
  }

  /** Replaces an unpaired surrogate of a name. */
  @Override
  protected char _decodeEscaped() throws IOException {
    char c = super._decodeEscaped();
    stringHasEscapes |= inString;
    if (inString || !Character.isSurrogate(c)) {
      return c;
    }
    boolean isPaired = Character.isHighSurrogate(c) ? isLowSurrogateNext() : afterHighSurrogate;
    afterHighSurrogate = isPaired && !afterHighSurrogate;
    if (isPaired) {
      return c;
    }
    nameHasLoneSurrogate = true;
    return REPLACEMENT;
  }

  /** Whether an escape follows whose first two of four digits are those of a low surrogate. */
  private boolean isLowSurrogateNext() {
    int at = _inputPtr;
    return at + 4 <= _inputEnd
        && _inputBuffer[at] == '\\'
        && _inputBuffer[at + 1] == 'u'
        && (_inputBuffer[at + 2] | 0x20) == 'd'
        && Character.digit(_inputBuffer[at + 3], 16) >= 0xC;
  }
}

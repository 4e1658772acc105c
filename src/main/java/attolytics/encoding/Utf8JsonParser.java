package attolytics.encoding;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.IOContext;
import com.fasterxml.jackson.core.json.JsonReadContext;
import com.fasterxml.jackson.core.json.UTF8StreamJsonParser;
import com.fasterxml.jackson.core.sym.ByteQuadsCanonicalizer;
import java.io.IOException;

/**
 * jackson-core's parser, except that it can go back to the start of an object, and accepts names
 * with unpaired surrogates. JSON allows them; if they were refused here, one event with such a name
 * would cost all events of its body.
 */
final class Utf8JsonParser extends UTF8StreamJsonParser {
  /**
   * Makes parsers with limits on what takes many times its size to read. Strings are not among
   * that, as they are read in place: the limit of the library on them is for its buffer, which
   * numbers go through, and ends a long number before all of it is there.
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
                      .maxNumberLength(MAX_NUMBER_BYTES)
                      .maxStringLength(MAX_NUMBER_BYTES)
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

  /** The maximum length of a number; the longest of NUMERIC has 147 456 digits. */
  static final int MAX_NUMBER_BYTES = 1 << 18;

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

  /** The offset of the opening quote of the name that was read last, or could not be read. */
  int nameStart() {
    return _nameStartOffset - 1;
  }

  /**
   * Goes back to an object, as if its opening bracket had just been read. The parser is still
   * within that object, or right behind it. Makes nothing; only the parser's line numbers, which
   * are not used, are wrong from then on.
   *
   * @param start the offset of the bracket
   * @param depth the nesting depth within the object
   */
  void rewind(int start, int depth) {
    JsonReadContext outer = _parsingContext;
    while (outer.getNestingDepth() >= depth) {
      outer = outer.clearAndGetParent();
    }
    _parsingContext = outer.createChildObjectContext(_tokenInputRow, _tokenInputCol);
    _inputPtr = start + 1;
    _tokenInputTotal = _inputPtr;
    _currToken = JsonToken.START_OBJECT;
    _nextToken = null;
    _tokenIncomplete = false;
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

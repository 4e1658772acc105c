package attolytics.encoding;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.io.NumberInput;
import java.io.Closeable;
import java.io.IOException;

/**
 * Reads JSON from a byte array by jackson-core's streaming parser: the same tokens, with their
 * texts in UTF-8 and their offsets. Not thread-safe; can be opened again after it was closed.
 *
 * <p>The methods throw a {@link com.fasterxml.jackson.core.JsonProcessingException} for what is not
 * JSON.
 */
public final class JsonReader implements Closeable {
  /** The maximum nesting depth of arrays and objects. */
  public static final int MAX_DEPTH = Utf8JsonParser.MAX_DEPTH;

  /** The maximum length of a name, in bytes. */
  public static final int MAX_NAME_BYTES = Utf8JsonParser.MAX_NAME_BYTES;

  private static final Utf8JsonParser.Factory PARSERS = new Utf8JsonParser.Factory();

  private static final byte[] NOTHING = {};

  /** Shared: one of its own would refer to the thread's buffers, so that they are never freed. */
  private static final Utf8JsonParser CLOSED = PARSERS.create(NOTHING, 0, 0);

  private Utf8JsonParser parser = CLOSED;
  private byte[] in = NOTHING;
  private int end;
  private final Text text = new Text();

  /**
   * Starts at an offset.
   *
   * @param bytes well-formed UTF-8, as jackson-core does not check that
   */
  public void open(byte[] bytes, int from, int to) {
    in = bytes;
    end = to;
    parser = PARSERS.create(bytes, from, to);
  }

  /**
   * Lets the next parser of the thread have the buffers. Keeps neither the bytes nor what the
   * parser has of them: after a long name that is four times as much.
   */
  @Override
  public void close() throws IOException {
    parser.close();
    parser = CLOSED;
    in = NOTHING;
    text.clear();
  }

  /** Advances to the next token, which must exist. */
  public JsonToken nextToken() throws IOException {
    parser.forgetName();
    JsonToken token = parser.nextToken();
    if (token == null) {
      throw new JsonEOFException(parser, null, "no value");
    }
    return token;
  }

  /**
   * Advances to the next name of an object, or its end.
   *
   * @param expected the name that is most likely the next one, which is then found faster
   * @return whether it is that name
   */
  public boolean nextName(SerializableString expected) throws IOException {
    parser.forgetName();
    return parser.nextFieldName(expected);
  }

  /** Checks that only whitespace follows. */
  public void readEnd() throws IOException {
    if (parser.nextToken() != null) {
      throw new JsonParseException(parser, "a second value", parser.currentTokenLocation());
    }
  }

  /**
   * Skips the value of the name that was just read, and the rest of the arrays and objects that are
   * nested deeper than {@code outerDepth}.
   */
  public void skipTo(int outerDepth) throws IOException {
    if (token() == JsonToken.FIELD_NAME) {
      parser.nextToken();
    }
    while (depth() > outerDepth) {
      parser.nextToken();
    }
  }

  /** Whether it says that a name is too long, and not that the nesting is too deep. */
  public static boolean isLongName(StreamConstraintsException e) {
    return e.getOriginalMessage().startsWith("Name length");
  }

  /** The current token. */
  public JsonToken token() {
    return parser.currentToken();
  }

  /** The nesting depth of arrays and objects: a bracket that opens one is inside of it. */
  public int depth() {
    return parser.getParsingContext().getNestingDepth();
  }

  /** The current name, with each unpaired surrogate replaced by U+FFFD. */
  public String name() throws IOException {
    return parser.currentName();
  }

  /** Whether the current name contains U+0000 or an unpaired surrogate. */
  public boolean nameHasNulOrLoneSurrogate() throws IOException {
    return parser.nameHasLoneSurrogate() || name().indexOf('\0') >= 0;
  }

  /** The text of the current string or number. */
  public Text text() throws IOException {
    if (token() == JsonToken.VALUE_STRING) {
      int to = tokenEnd() - 1; // first, as it reads the string
      int from = tokenStart() + 1;
      if (parser.stringHasEscapes()) {
        text.unescape(in, from, to);
      } else {
        text.set(in, from, to - from);
      }
    } else {
      text.set(in, tokenStart(), parser.getTextLength());
    }
    return text;
  }

  /** The current number as the nearest float. */
  public float floatValue() throws IOException {
    return NumberInput.parseFloat(
        parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength(), true);
  }

  /** The current number as the nearest double. */
  public double doubleValue() throws IOException {
    return NumberInput.parseDouble(
        parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength(), true);
  }

  /** The index of the current value in its array. */
  public int index() {
    JsonStreamContext context = parser.getParsingContext();
    return (token().isStructStart() ? context.getParent() : context).getCurrentIndex();
  }

  /** The bytes being read; not to be modified. */
  public byte[] bytes() {
    return in;
  }

  /** The offset after the last of them. */
  public int end() {
    return end;
  }

  /** The offset of the current value's first byte. */
  public int tokenStart() {
    return (int) parser.getTokenCharacterOffset() - 1; // it is that of the second byte
  }

  /** The offset after the current value's last byte. */
  public int tokenEnd() throws IOException {
    parser.finishValue();
    return parser.offset();
  }
}

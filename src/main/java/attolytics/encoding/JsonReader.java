package attolytics.encoding;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
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
 * texts in UTF-8 and their offsets, in bytes from the start of the array. Not thread-safe; can be
 * opened again after it was closed.
 *
 * <p>The methods throw a {@link JsonProcessingException} for what is not JSON, or exceeds a limit:
 * 1000 levels of arrays and objects, 64 KiB for a name, 256 KiB for a number. {@link #explain} says
 * what it was.
 */
public final class JsonReader implements Closeable {
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

  /**
   * Goes back to an object, as if its opening bracket had just been read. The reader is still
   * within that object, or at its end.
   *
   * @param start the offset of the bracket
   * @param depth the nesting depth within the object
   */
  public void rewind(int start, int depth) {
    parser.rewind(start, depth);
  }

  /**
   * Why and where the parser failed. Its own messages quote the input, which may contain a secret.
   *
   * @param e thrown by the last call of a method
   */
  public JsonFailure explain(JsonProcessingException e) {
    if (!(e instanceof StreamConstraintsException)) {
      int offset = (int) e.getLocation().getByteOffset();
      return new JsonFailure(offset, offset >= end ? "unexpected end" : "unexpected character");
    }
    String message = e.getOriginalMessage();
    if (message.startsWith("Name length")) {
      return JsonFailure.tooLong("name", Utf8JsonParser.MAX_NAME_BYTES, parser.nameStart());
    }
    if (message.startsWith("Document nesting depth")) {
      String cause = "nested deeper than " + Utf8JsonParser.MAX_DEPTH + " levels";
      return new JsonFailure(tokenStart(), cause);
    }
    return JsonFailure.tooLong("number", Utf8JsonParser.MAX_NUMBER_BYTES, tokenStart());
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

  /** Whether the current name contains an unpaired surrogate, so that it equals no other name. */
  public boolean nameHasLoneSurrogate() {
    return parser.nameHasLoneSurrogate();
  }

  /** Whether the current name contains U+0000 or an unpaired surrogate. */
  public boolean nameHasNulOrLoneSurrogate() throws IOException {
    return nameHasLoneSurrogate() || name().indexOf('\0') >= 0;
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

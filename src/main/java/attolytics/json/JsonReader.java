package attolytics.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A pull parser for JSON in a byte array:
 *
 * <pre>
 *   kind = value();              reads a scalar, or the opening bracket of an array or object
 *   while (next()) {             while it has another entry:
 *     name();                    reads the name, in an object
 *     kind = value();            reads the value
 *   }                            the closing bracket has been read
 * </pre>
 *
 * The caller is responsible for the order of calls; the reader checks that the bytes are JSON. Not
 * thread-safe; reusable.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8259">RFC 8259</a>
 */
public final class JsonReader {
  /** The maximum nesting depth of arrays and objects. */
  public static final int MAX_DEPTH = 1000;

  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);

  /** Stands for the byte after the last one. */
  private static final int END = 256;

  private byte[] in = {};
  private int at;
  private int end;

  private int valueStart;
  private final Text text = new Text();

  private final boolean[] objects = new boolean[MAX_DEPTH + 1]; // by depth: else arrays
  private int depth;
  private boolean entered; // no entry of the innermost container has been read yet

  /** Starts with the first {@code length} bytes; skips a byte order mark. */
  public void open(byte[] bytes, int length) {
    in = bytes;
    end = length;
    depth = 0;
    boolean marked =
        length >= 3
            && bytes[0] == (byte) 0xEF
            && bytes[1] == (byte) 0xBB
            && bytes[2] == (byte) 0xBF;
    at = marked ? 3 : 0;
  }

  /** Reads a value, or the opening bracket of an array or object. */
  public Kind value() throws MalformedJsonException {
    int c = peek();
    valueStart = at;
    return c == '"' ? string() : c <= '9' ? number(c) : otherValue(c);
  }

  private Kind otherValue(int c) throws MalformedJsonException {
    return switch (c) {
      case 'n' -> literal(NULL, Kind.NULL);
      case 't' -> literal(TRUE, Kind.TRUE);
      case 'f' -> literal(FALSE, Kind.FALSE);
      case '{' -> enter(Kind.OBJECT);
      case '[' -> enter(Kind.ARRAY);
      default -> throw expected("a value");
    };
  }

  /**
   * Advances to the next entry of the innermost array or object, which {@link #value()} or {@link
   * #name()} then reads; returns false at its end.
   */
  public boolean next() throws MalformedJsonException {
    boolean object = objects[depth];
    int c = peek();
    if (c == (object ? '}' : ']')) {
      at++;
      depth--;
      entered = false;
      return false;
    }
    if (!entered) {
      if (c != ',') {
        throw expected(object ? "',' or '}'" : "',' or ']'");
      }
      at++;
      c = peek();
    }
    entered = false;
    if (object && c != '"') {
      throw expected("a quoted name");
    }
    return true;
  }

  /** Reads a name and its colon. */
  public void name() throws MalformedJsonException {
    string();
    colon();
  }

  /**
   * Reads the name and its colon if they are exactly these bytes; reads nothing otherwise.
   *
   * @param written the quoted name, followed by a colon
   */
  public boolean nameIs(byte[] written) {
    int after = at + written.length;
    if (after > end || !Arrays.equals(in, at, after, written, 0, written.length)) {
      return false;
    }
    at = after;
    return true;
  }

  /** Skips the rest of the arrays and objects that are nested deeper than {@code outerDepth}. */
  public void skipTo(int outerDepth) throws MalformedJsonException {
    if (depth > outerDepth && in[at - 1] == ':') {
      value(); // of the name that was just read
    }
    while (depth > outerDepth) {
      if (next()) {
        if (inObject()) {
          name();
        }
        value();
      }
    }
  }

  /** Checks that only whitespace follows. */
  public void close() throws MalformedJsonException {
    if (peek() != END) {
      throw expected("the end of the input");
    }
  }

  /** Returns to the first entry of an object. */
  public void rewind(int position, int objectDepth) {
    at = position;
    depth = objectDepth;
    objects[depth] = true;
    entered = true;
  }

  /**
   * The index of an element of an array that has been read. Reads the array again up to the
   * element, so it is meant for error messages.
   *
   * @param array the offset of the opening bracket
   * @param element the offset of the element
   */
  public static int index(byte[] bytes, int array, int element) throws MalformedJsonException {
    JsonReader json = new JsonReader();
    json.open(bytes, bytes.length);
    json.at = array;
    json.value();
    int index = 0;
    while (json.next()) {
      json.value();
      if (json.valueStart >= element) {
        break;
      }
      json.skipTo(1);
      index++;
    }
    return index;
  }

  /** Reads a name, at an offset that was that of one before. For error messages. */
  public static Text nameAt(byte[] bytes, int offset) throws MalformedJsonException {
    JsonReader json = new JsonReader();
    json.open(bytes, bytes.length);
    json.at = offset;
    json.name();
    return json.text;
  }

  /** The text of the last name, string or number. */
  public Text text() {
    return text;
  }

  /** The bytes being read; not to be modified. */
  public byte[] bytes() {
    return in;
  }

  /** The offset at which the last value starts. */
  public int valueStart() {
    return valueStart;
  }

  /** The offset of the next byte to read. */
  public int position() {
    return at;
  }

  /** The current nesting depth. */
  public int depth() {
    return depth;
  }

  /** Whether the innermost container is an object. */
  public boolean inObject() {
    return objects[depth];
  }

  private Kind string() throws MalformedJsonException {
    at = text.readString(in, at + 1, end);
    return Kind.STRING;
  }

  private Kind number(int c) throws MalformedJsonException {
    if (c != '-' && c < '0') {
      throw expected("a value");
    }
    int first = c == '-' ? at + 1 : at;
    // A leading zero must be the only digit of the integer part.
    int i = byteAt(first) == '0' ? first + 1 : digits(first);
    Kind number = Kind.INTEGER;
    if (byteAt(i) == '.') {
      i = digits(i + 1);
      number = Kind.DECIMAL;
    }
    if ((byteAt(i) | 0x20) == 'e') {
      int sign = byteAt(i + 1);
      i = digits(sign == '+' || sign == '-' ? i + 2 : i + 1);
      number = Kind.DECIMAL;
    }
    text.set(in, at, i);
    at = i;
    return number;
  }

  /** Skips at least one digit; returns the offset after the digits. */
  private int digits(int from) throws MalformedJsonException {
    int i = from;
    while (i < end && in[i] >= '0' && in[i] <= '9') {
      i++;
    }
    if (i == from) {
      at = i;
      throw expected("a digit");
    }
    return i;
  }

  private Kind literal(byte[] word, Kind kind) throws MalformedJsonException {
    int after = at + word.length;
    if (after > end || !Arrays.equals(in, at, after, word, 0, word.length)) {
      throw expected("a value");
    }
    at = after;
    return kind;
  }

  private Kind enter(Kind container) throws MalformedJsonException {
    if (depth == MAX_DEPTH) {
      throw new MalformedJsonException("nested deeper than " + MAX_DEPTH + " levels", at);
    }
    at++;
    depth++;
    objects[depth] = container == Kind.OBJECT;
    entered = true;
    return container;
  }

  private void colon() throws MalformedJsonException {
    if (peek() != ':') {
      throw expected("':'");
    }
    at++;
  }

  /** Returns the next byte that is not whitespace, or {@link #END}, without reading it. */
  private int peek() {
    int c = byteAt(at);
    return c > ' ' ? c : skipWhitespace();
  }

  private int skipWhitespace() {
    int i = at;
    while (i < end) {
      int c = in[i];
      if (c > ' ' || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) {
        at = i;
        return c;
      }
      i++;
    }
    at = i;
    return END;
  }

  private int byteAt(int offset) {
    return offset < end ? in[offset] : END;
  }

  private MalformedJsonException expected(String what) {
    return new MalformedJsonException("expected " + what, at);
  }
}

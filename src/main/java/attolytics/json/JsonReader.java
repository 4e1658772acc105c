package attolytics.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks over the JSON in a byte array. Its caller asks for what it is ready to take:
 *
 * <pre>
 *   kind = value();              reads a scalar, or the opening bracket of an array or object;
 *   while (next()) {             then there is another entry of it,
 *     name();                    in an object with its name first,
 *     kind = value();            and a value again
 *   }                            until the closing bracket was read
 * </pre>
 *
 * The order of calls is the caller's duty; that the bytes are JSON is checked. Not thread-safe, and
 * made to be used again.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8259">RFC 8259</a>
 */
public final class JsonReader {
  /** How deep arrays and objects may be nested: more than anybody needs, and little to keep. */
  public static final int MAX_DEPTH = 1000;

  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);

  /** In the place of a byte where there is none left. */
  private static final int END = 256;

  private byte[] in = {};
  private int at;
  private int end;

  private int valueStart;
  private final Text text = new Text();

  private final boolean[] objects = new boolean[MAX_DEPTH + 1]; // by depth: else arrays
  private int depth;
  private boolean fresh; // nothing of the innermost container was read yet

  /** Begins with the first {@code length} bytes; a byte order mark is passed over. */
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

  /** Reads a value; of an array or object only the opening bracket. */
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
   * Goes to the next entry of the innermost array or object, for {@link #value()} or {@link
   * #name()} to read; false if it was closed instead.
   */
  public boolean next() throws MalformedJsonException {
    boolean object = objects[depth];
    int c = peek();
    if (c == (object ? '}' : ']')) {
      at++;
      depth--;
      fresh = false;
      return false;
    }
    if (!fresh) {
      if (c != ',') {
        throw expected(object ? "',' or '}'" : "',' or ']'");
      }
      at++;
      c = peek();
    }
    fresh = false;
    if (object && c != '"') {
      throw expected("a name in double quotes");
    }
    return true;
  }

  /** Reads the name that {@link #next()} went to, and its colon. */
  public void name() throws MalformedJsonException {
    string();
    colon();
  }

  /**
   * Reads the name that {@link #next()} went to if it is written like that; else nothing.
   *
   * @param written the name in its quotes and the colon behind it
   */
  public boolean nameIs(byte[] written) {
    int behind = at + written.length;
    if (behind > end || !Arrays.equals(in, at, behind, written, 0, written.length)) {
      return false;
    }
    at = behind;
    return true;
  }

  /** Reads what is left of the arrays and objects nested deeper than that. */
  public void skipTo(int outerDepth) throws MalformedJsonException {
    if (depth > outerDepth && in[at - 1] == ':') {
      value(); // of a name that was read
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

  /** Makes sure that nothing follows but space. */
  public void close() throws MalformedJsonException {
    if (peek() != END) {
      throw expected("nothing more");
    }
  }

  /** Goes back to the first entry of an object. */
  public void reenter(int position, int objectDepth) {
    at = position;
    depth = objectDepth;
    objects[depth] = true;
    fresh = true;
  }

  /** What the last name, string or number consists of. */
  public Text text() {
    return text;
  }

  /** What is read, not to be changed. */
  public byte[] bytes() {
    return in;
  }

  /** The offset of the last value. */
  public int valueStart() {
    return valueStart;
  }

  /** The offset behind what was read so far. */
  public int position() {
    return at;
  }

  /** How many arrays and objects are open. */
  public int depth() {
    return depth;
  }

  /** Whether the innermost of them is an object. */
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
    // A zero in front has to be the only digit there.
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

  /** Returns the offset behind the digits that begin there. */
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

  private Kind literal(byte[] word, Kind itsKind) throws MalformedJsonException {
    int behind = at + word.length;
    if (behind > end || !Arrays.equals(in, at, behind, word, 0, word.length)) {
      throw expected("a value");
    }
    at = behind;
    return itsKind;
  }

  private Kind enter(Kind container) throws MalformedJsonException {
    if (depth == MAX_DEPTH) {
      throw new MalformedJsonException("nested deeper than " + MAX_DEPTH + " levels", at);
    }
    at++;
    depth++;
    objects[depth] = container == Kind.OBJECT;
    fresh = true;
    return container;
  }

  private void colon() throws MalformedJsonException {
    if (peek() != ':') {
      throw expected("':'");
    }
    at++;
  }

  /** The next byte that is no space, or {@link #END}; it is not read yet. */
  private int peek() {
    int c = byteAt(at);
    return c > ' ' ? c : skipSpace();
  }

  private int skipSpace() {
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
    return new MalformedJsonException(what + " is expected", at);
  }
}

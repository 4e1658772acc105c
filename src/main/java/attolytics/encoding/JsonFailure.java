package attolytics.encoding;

/**
 * Why bytes are not JSON, or not within the limits of {@link JsonReader}.
 *
 * @param offset of the byte that is the cause, or that begins it; after the last one if it is
 *     missing
 * @param cause without anything of the input
 */
public record JsonFailure(int offset, String cause) {
  static JsonFailure tooLong(String what, int maxBytes, int offset) {
    return new JsonFailure(offset, "a " + what + " of more than " + maxBytes + " bytes");
  }

  /** The cause and its place in the input. A column counts bytes, from 1. */
  public String describe(byte[] input) {
    int line = 1;
    int lineStart = 0;
    for (int i = 0; i < offset; i++) {
      if (input[i] == '\n') {
        line++;
        lineStart = i + 1;
      }
    }
    return "line " + line + ", column " + (offset - lineStart + 1) + ": " + cause;
  }
}

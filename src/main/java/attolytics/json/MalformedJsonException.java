package attolytics.json;

/**
 * Thrown, without a stack trace, for bytes that are not JSON. The message says what is expected and
 * does not quote the input, which may contain a secret.
 */
public final class MalformedJsonException extends Exception {
  private final int offset;

  MalformedJsonException(String message, int offset) {
    super(message, null, false, false);
    this.offset = offset;
  }

  /** The offset of the first unexpected byte. */
  public int offset() {
    return offset;
  }
}

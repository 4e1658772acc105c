package attolytics.json;

/**
 * Thrown, without a stack trace, for bytes that are not JSON. The message says what was expected
 * and quotes nothing of what was found, for that might be secret.
 */
public final class MalformedJsonException extends Exception {
  private final int offset;

  MalformedJsonException(String message, int offset) {
    super(message, null, false, false);
    this.offset = offset;
  }

  /** Where the first byte stands that does not belong there. */
  public int offset() {
    return offset;
  }
}

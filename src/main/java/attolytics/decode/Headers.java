package attolytics.decode;

import org.jspecify.annotations.Nullable;

/** The headers of a request, for columns with {@code header}. */
@FunctionalInterface
public interface Headers {
  /**
   * The first value of a header, one char per byte, or null.
   *
   * @param name case-insensitive
   */
  @Nullable String first(String name);
}

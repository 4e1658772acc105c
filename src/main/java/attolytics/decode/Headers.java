package attolytics.decode;

import org.jspecify.annotations.Nullable;

/** The headers of a request, for columns that are filled from them. */
@FunctionalInterface
public interface Headers {
  /**
   * The header's first value, a char a byte as HTTP carries it, or null.
   *
   * @param name in any case
   */
  @Nullable String first(String name);
}

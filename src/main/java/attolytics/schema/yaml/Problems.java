package attolytics.schema.yaml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** Collects the problems of a schema file. */
final class Problems {
  /** The maximum length of a quoted name, in UTF-16 units. */
  private static final int MAX_QUOTED = 64;

  private static final Pattern BREAKS_LINE = Pattern.compile("[\\p{Cc}\\u2028\\u2029]");

  private static final Comparator<Problem> IN_FILE_ORDER =
      Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column);

  private final String file;
  private final List<Problem> found = new ArrayList<>();

  Problems(String file) {
    this.file = file;
  }

  void at(Node node, String text) {
    at(node.getStartMark(), text);
  }

  /** A mark counts lines and columns from 0, messages count from 1. */
  void at(Optional<Mark> mark, String text) {
    at(mark.map(Mark::getLine).orElse(0) + 1, mark.map(Mark::getColumn).orElse(0) + 1, text);
  }

  void at(int line, int column, String text) {
    found.add(new Problem(line, column, text));
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  /** All problems in the order of the file; those repeated by aliases once. */
  SchemaException exception() {
    return new SchemaException(
        found.stream().distinct().sorted(IN_FILE_ORDER).map(this::text).toList());
  }

  private String text(Problem problem) {
    return file + ":" + problem.line + ":" + problem.column + ": " + onOneLine(problem.text);
  }

  /** Escapes line breaks and control characters from the file. */
  private static String onOneLine(String text) {
    return BREAKS_LINE
        .matcher(text)
        .replaceAll(found -> "\\\\u%04x".formatted((int) found.group().charAt(0)));
  }

  /** A name in backticks, cut to a bounded length. */
  static String quoted(String name) {
    return name.length() > MAX_QUOTED
        ? "`" + name.substring(0, MAX_QUOTED) + "…`"
        : "`" + name + "`";
  }

  /** A problem at a line and column, both from 1. */
  private record Problem(int line, int column, String text) {}
}

package attolytics.schema.yaml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** What is wrong with a schema file, collected while it is read. */
final class Problems {
  /** Of a rejected name, in UTF-16 units. */
  private static final int MAX_SHOWN = 64;

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

  /** A mark counts lines and columns from 0, people count from 1. */
  void at(Optional<Mark> mark, String text) {
    at(mark.map(Mark::getLine).orElse(0) + 1, mark.map(Mark::getColumn).orElse(0) + 1, text);
  }

  void at(int line, int column, String text) {
    found.add(new Problem(line, column, text));
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  /** All of them in the order of the file; what an alias repeats is told once. */
  SchemaException exception() {
    return new SchemaException(
        found.stream().distinct().sorted(IN_FILE_ORDER).map(this::text).toList());
  }

  private String text(Problem problem) {
    return file + ":" + problem.line + ":" + problem.column + ": " + onOneLine(problem.text);
  }

  /** The file's text is in it, and in the YAML library's words, too. */
  private static String onOneLine(String text) {
    return BREAKS_LINE
        .matcher(text)
        .replaceAll(found -> "\\\\u%04x".formatted((int) found.group().charAt(0)));
  }

  /** A name as it may stand in a problem's text: not too long. */
  static String shown(String name) {
    return name.length() > MAX_SHOWN ? "`" + name.substring(0, MAX_SHOWN) + "…`" : "`" + name + "`";
  }

  /** A line and a column, both from 1, and what is wrong there. */
  private record Problem(int line, int column, String text) {}
}

package attolytics.bench.report;

import java.util.Collections;

/** A table in Markdown. */
final class MarkdownTable {
  private final StringBuilder text = new StringBuilder();

  MarkdownTable(String... head) {
    row(head);
    row(Collections.nCopies(head.length, "---").toArray(String[]::new));
  }

  MarkdownTable row(String... cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    return this;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}

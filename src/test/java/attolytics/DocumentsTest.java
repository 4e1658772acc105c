package attolytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.ColumnType;
import attolytics.schema.ScalarType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The links of all documents, and what they repeat from elsewhere. */
class DocumentsTest {
  private static final Path README = Path.of("README.md");
  private static final List<Path> FOLDERS =
      Stream.of("", "docs", "deploy", "bench", "clients/js", "clients/python")
          .map(Path::of)
          .toList();
  private static final Pattern LINK =
      Pattern.compile("]\\((?!\\w+:)(?<file>[^)#]*)#?(?<section>[^)]*)\\)");
  private static final Pattern CODE_BLOCK = Pattern.compile("(?ms)^```.*?^```$");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");

  /** Where a link leads. An empty section is the file as a whole. */
  private record Target(Path file, String section) {
    boolean exists() throws IOException {
      return Files.exists(file) && (section.isEmpty() || sections(file).contains(section));
    }
  }

  private static Stream<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (Path folder : FOLDERS) {
      try (Stream<Path> files = Files.list(Path.of(".").resolve(folder))) {
        files
            .map(file -> folder.resolve(file.getFileName()))
            .filter(DocumentsTest::isDocument)
            .forEach(documents::add);
      }
    }
    assertTrue(documents.size() > 10, documents::toString);
    return documents.stream();
  }

  private static boolean isDocument(Path file) {
    return file.toString().endsWith(".md");
  }

  private static String prose(Path document) throws IOException {
    return CODE_BLOCK.matcher(Files.readString(document)).replaceAll("");
  }

  private static List<Target> targets(Path document) throws IOException {
    return LINK.matcher(prose(document)).results().map(link -> target(document, link)).toList();
  }

  private static Target target(Path document, MatchResult link) {
    Path file = link.group(1).isEmpty() ? document : document.resolveSibling(link.group(1));
    return new Target(file.normalize(), link.group(2));
  }

  /** The anchors of a document's headings, as GitHub makes them. */
  private static Set<String> sections(Path document) throws IOException {
    return HEADING
        .matcher(prose(document))
        .results()
        .map(heading -> anchor(heading.group(1)))
        .collect(Collectors.toSet());
  }

  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}_ -]", "").replace(' ', '-');
  }

  @ParameterizedTest
  @MethodSource("documents")
  void links_leadToFilesAndSectionsThatExist(Path document) throws Exception {
    List<Target> broken = new ArrayList<>();
    for (Target target : targets(document)) {
      if (!target.exists()) {
        broken.add(target);
      }
    }
    assertEquals(List.of(), broken);
  }

  /** The Debian package has the documents, but no sources; CONTRIBUTING.md alone is about those. */
  @Test
  void links_ofThePackagedDocuments_leadToWhatIsInThePackage() throws Exception {
    String pom = Files.readString(Path.of("pom.xml"));
    List<String> includes = groups("<includes>(\\*\\.md,[^<]+)</includes>", pom);
    assertEquals(1, includes.size());
    List<String> patterns = List.of(includes.get(0).split(","));
    List<Target> missing = new ArrayList<>();
    for (Path document : documents().filter(file -> isPackaged(patterns, file)).toList()) {
      if (!document.endsWith("CONTRIBUTING.md")) {
        targets(document).stream()
            .filter(target -> !isPackaged(patterns, target.file))
            .forEach(missing::add);
      }
    }
    assertEquals(List.of(), missing);
  }

  /** A folder is in the package if files of it are. */
  private static boolean isPackaged(List<String> patterns, Path file) {
    return patterns.stream()
        .anyMatch(
            pattern ->
                file.getFileSystem().getPathMatcher("glob:" + pattern).matches(file)
                    || pattern.startsWith(file + "/"));
  }

  @Test
  void readme_leadsToEveryDocument() throws Exception {
    Set<Path> reached = new TreeSet<>(Set.of(README));
    Deque<Path> toFollow = new ArrayDeque<>(reached);
    while (!toFollow.isEmpty()) {
      for (Target target : targets(toFollow.remove())) {
        if (isDocument(target.file) && reached.add(target.file)) {
          toFollow.add(target.file);
        }
      }
    }
    assertEquals(documents().collect(Collectors.toCollection(TreeSet::new)), reached);
  }

  @Test
  void rationale_listsAllOfItsQuestionsInOrder() throws Exception {
    String page = Files.readString(Path.of("RATIONALE.md"));
    assertEquals(groups("(?m)^##+ (.+)$", page), groups("(?m)^ {0,2}- \\[(.+)]\\(#.*\\)$", page));
  }

  private static List<String> groups(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(found -> found.group(1)).toList();
  }

  /** The first line of the table of closed loops: four indexes, 256 connections, ten events. */
  @Test
  void readme_hasTheFigureOfTheBenchmarks() throws Exception {
    Matcher figure =
        Pattern.compile("\\*\\*([\\d ]+) rows/s\\*\\*").matcher(Files.readString(README));
    assertTrue(figure.find());
    String row = "| 4 | service | 256 | 10 | " + figure.group(1) + " |";
    String benchmarks = Files.readString(Path.of("bench", "README.md"));
    assertTrue(benchmarks.contains(row), row);
  }

  /** Rows such as {@code | `i32`, `i64` | an integer | INT4, INT8 |}. */
  @Test
  void schemaPage_hasEveryTypeAndItsNameInPostgresql() throws Exception {
    Map<String, String> documented = new TreeMap<>();
    String page = Files.readString(Path.of("docs", "schema.md"));
    Pattern.compile("(?m)^\\| (`[^|]+`) \\| [^|]+ \\| ([A-Z\\d, ]+) \\|$")
        .matcher(page)
        .results()
        .forEach(
            row -> {
              String[] names = row.group(1).replace("`", "").split(", ", -1);
              String[] types = row.group(2).split(", ", -1);
              for (int i = 0; i < names.length; i++) {
                documented.put(names[i], types[i]);
              }
            });
    assertEquals(
        Stream.of(ScalarType.values())
            .collect(Collectors.toMap(ColumnType::schemaName, ColumnType::sqlName)),
        documented);
  }
}

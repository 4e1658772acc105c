package attolytics.schema.yaml;

import attolytics.schema.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** Reads a schema file into YAML nodes, which {@link SchemaReader} turns into a {@link Schema}. */
public final class SchemaFile {
  private static final int MAX_BYTES = 1 << 20;

  /** A schema needs six levels. The composer is recursive, so this bounds its stack. */
  private static final int MAX_DEPTH = 50;

  /** The maximum number of aliases of lists and maps, which bounds their expansion. */
  private static final int MAX_ALIASES = 1_000;

  private static final String BAD_ESCAPE =
      "invalid escape sequence; double the backslash, or use single quotes";

  private static final LoadSettings YAML =
      LoadSettings.builder()
          .setSchema(new CoreSchema())
          .setAllowNonScalarKeys(true) // SchemaReader reports them with their position
          .setMaxAliasesForCollections(MAX_ALIASES)
          .build();

  private final Path file;
  private final Problems problems;

  private SchemaFile(Path file) {
    this.file = file;
    this.problems = new Problems(file.toString());
  }

  /**
   * Reads the file, without connecting to the database.
   *
   * @param environment variables, for secret keys of the form {@code env:NAME}
   * @throws SchemaException with all problems of the file
   */
  public static Schema read(Path file, Map<String, String> environment) throws SchemaException {
    return read(file, environment, url -> {});
  }

  /**
   * Also checks {@code database_url}.
   *
   * @param checkUrl throws {@link IllegalArgumentException} for an invalid URL, with the reason
   */
  public static Schema read(Path file, Map<String, String> environment, Consumer<String> checkUrl)
      throws SchemaException {
    SchemaFile schemaFile = new SchemaFile(file);
    Node root = schemaFile.compose(schemaFile.decode(schemaFile.bytes()));
    SchemaReader reader = new SchemaReader(schemaFile.problems, environment, checkUrl);
    Schema schema = reader.read(root);
    if (!schemaFile.problems.isEmpty()) {
      throw schemaFile.problems.exception();
    }
    return schema;
  }

  private byte[] bytes() throws SchemaException {
    if (Files.isDirectory(file)) {
      throw unreadable("is a directory");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw unreadable("is larger than 1 MiB");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw unreadable("does not exist");
    } catch (AccessDeniedException e) {
      throw unreadable(
          "cannot be read: permission denied to the user " + System.getProperty("user.name"));
    } catch (IOException e) {
      throw unreadable("cannot be read: " + e.getMessage());
    }
  }

  private SchemaException unreadable(String why) {
    return new SchemaException(
        List.of(file + ": the schema file " + why + "; name another with --schema FILE"));
  }

  private String decode(byte[] bytes) throws SchemaException {
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    CharBuffer chars = CharBuffer.allocate(bytes.length);
    CoderResult result = utf8.decode(ByteBuffer.wrap(bytes), chars, true);
    String text = chars.flip().toString();
    if (text.startsWith("\uFEFF")) {
      text = text.substring(1); // a byte order mark does not count as a column
    }
    if (result.isError()) {
      throw invalidAfter(text, "invalid UTF-8; save the file in that encoding");
    }
    return text;
  }

  private Node compose(String text) throws SchemaException {
    try {
      checkLimits(text);
      @Nullable Node root = new Compose(YAML).composeString(text).orElse(null);
      if (root == null) {
        throw invalid(1, 1, "the file is empty, expected the keys `tables` and `apps`");
      }
      return root;
    } catch (MarkedYamlEngineException e) {
      throw invalid(e.getProblemMark().or(e::getContextMark), "not valid YAML: " + wording(e));
    } catch (ReaderException e) {
      int end = text.offsetByCodePoints(0, e.getPosition());
      throw invalidAfter(text.substring(0, end), "not valid YAML: invalid character");
    } catch (YamlEngineException e) {
      throw invalid(1, 1, "not valid YAML: " + e.getMessage());
    } catch (NumberFormatException e) {
      // A bug of the parser, if the file ends within an escape sequence.
      throw invalid(1, 1, "not valid YAML: " + BAD_ESCAPE);
    }
  }

  /** Deep nesting would overflow the composer's stack, and merge keys can make it loop forever. */
  private void checkLimits(String text) throws SchemaException {
    int depth = 0;
    for (Event event : new Parse(YAML).parseString(text)) {
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> depth++;
        case MappingEnd, SequenceEnd -> depth--;
        case Scalar -> refuseMerge((ScalarEvent) event);
        default -> {}
      }
      if (depth > MAX_DEPTH) {
        throw invalid(event.getStartMark(), "lists and maps nested deeper than " + MAX_DEPTH);
      }
    }
  }

  private void refuseMerge(ScalarEvent scalar) throws SchemaException {
    boolean merge =
        scalar.getTag().orElse("").equals(Tag.MERGE.getValue())
            || (scalar.isPlain() && scalar.getValue().equals("<<"));
    if (merge) {
      throw invalid(
          scalar.getStartMark(), "merge keys (`<<`) are not supported; repeat the keys instead");
    }
  }

  private static String wording(MarkedYamlEngineException e) {
    // These two messages of the parser quote the value, which may be a secret.
    if (e.getProblem().startsWith("found undefined")) {
      return "a value that begins with * or ! must be quoted";
    }
    if (e.getProblem().contains("escape")) {
      return BAD_ESCAPE;
    }
    if (e.getContext() == null || e.getContext().isEmpty()) {
      return e.getProblem();
    }
    String line = e.getContextMark().map(mark -> " from line " + (mark.getLine() + 1)).orElse("");
    return e.getContext() + line + ", " + e.getProblem();
  }

  /** A problem with the first character after {@code before}. */
  private SchemaException invalidAfter(String before, String problem) {
    int line = (int) (before + "|").lines().count();
    int lineStart = 1 + Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r'));
    return invalid(line, before.codePointCount(lineStart, before.length()) + 1, problem);
  }

  private SchemaException invalid(Optional<Mark> mark, String problem) {
    problems.at(mark, problem);
    return problems.exception();
  }

  private SchemaException invalid(int line, int column, String problem) {
    problems.at(line, column, problem);
    return problems.exception();
  }
}

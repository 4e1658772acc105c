package attolytics.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A program that tracks events, and prints the number of each once it is in the queue. */
final class TrackerProcess implements AutoCloseable {
  private static final Path SCRIPTS = Path.of("src/test/resources/attolytics/clients");

  private final Interpreter interpreter;
  private final Path output;
  private final Object[] command;
  private final TreeSet<Integer> tracked = new TreeSet<>();
  private final TreeSet<Integer> unknown = new TreeSet<>();
  private Process process;

  /**
   * Starts a program.
   *
   * @param directory for its output
   */
  TrackerProcess(Interpreter interpreter, Path directory, String script, Object... arguments)
      throws IOException {
    this.interpreter = interpreter;
    this.output = directory.resolve(script + ".out");
    this.command =
        Stream.concat(Stream.of(SCRIPTS.resolve(script)), Arrays.stream(arguments)).toArray();
    this.process = interpreter.start(Path.of("."), output, command);
  }

  /** Kills it, and starts it again. Its last argument is the number of the first event. */
  void restart() throws Exception {
    process.destroyForcibly().waitFor();
    readOutput();
    unknown.add(tracked.last() + 1); // it may be in the queue, but not printed yet
    command[command.length - 1] = tracked.last() + 2;
    process = interpreter.start(Path.of("."), output, command);
  }

  /** Events that may have been tracked. */
  Set<Integer> unknown() {
    return unknown;
  }

  /** Stops tracking, waits until the queue is empty, and returns what was tracked. */
  List<Integer> finish() throws Exception {
    process.getOutputStream().close();
    assertEquals(0, process.waitFor(), Files.readString(output));
    readOutput();
    return List.copyOf(tracked);
  }

  /** A program that is killed may leave half a line. */
  private void readOutput() throws IOException {
    String complete = Files.readString(output);
    complete
        .substring(0, complete.lastIndexOf('\n'))
        .lines()
        .map(Integer::valueOf)
        .forEach(tracked::add);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}

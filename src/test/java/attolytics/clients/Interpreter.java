package attolytics.clients;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An installed Node.js or Python. Where it is missing or too old, the test is skipped. */
record Interpreter(Path program) {
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)");

  static Interpreter node() throws IOException {
    return installed("node", 20, 0);
  }

  static Interpreter python() throws IOException {
    return installed("python3", 3, 9);
  }

  private static Interpreter installed(String name, int major, int minor) throws IOException {
    Path program =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
            .map(directory -> Path.of(directory, name))
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    assumeTrue(program != null, name + " is not installed");
    Process process = new ProcessBuilder(program.toString(), "--version").start();
    Matcher version =
        VERSION.matcher(
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    boolean isNewEnough =
        version.find()
            && Integer.parseInt(version.group(1)) * 1000 + Integer.parseInt(version.group(2))
                >= major * 1000 + minor;
    assumeTrue(isNewEnough, () -> "%s is older than %d.%d".formatted(program, major, minor));
    return new Interpreter(program);
  }

  /** Starts a program, with its output in a file. */
  Process start(Path directory, Path output, Object... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    return builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
  }
}

package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.yaml.SchemaFile;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The image, the compose file and the Kubernetes manifests, as far as it goes without Docker. */
@Timeout(300)
class ContainersIT {
  private static final String CONTAINER = "deploy/container/";
  private static final String KUBERNETES = "deploy/kubernetes/attolytics.yaml";

  @Test
  void dockerfile_isWithoutWarning() throws Exception {
    Program.succeed(
        Program.installed("hadolint"), "--failure-threshold=warning", CONTAINER + "Dockerfile");
  }

  @Test
  void dockerfile_copiesWhatIsThereAndNotIgnored() throws Exception {
    List<String> ignored = Files.readAllLines(Path.of(".dockerignore"));
    List<String> sources =
        Pattern.compile("(?m)^COPY (?:--chmod=\\d+ )?([\\w./-]+) |source=([^,]+),")
            .matcher(Files.readString(Path.of(CONTAINER + "Dockerfile")))
            .results()
            .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
            .toList();
    assertTrue(sources.size() > 3, sources::toString);
    for (String source : sources) {
      assertTrue(Files.exists(Path.of(source)), source);
      assertTrue(
          ignored.stream().anyMatch(line -> line.startsWith("!") && starts(source, line)), source);
    }
  }

  /** The jar has files from outside of {@code src/main}, too. */
  @Test
  void dockerfile_copiesWhatGoesIntoTheJar() throws Exception {
    List<String> copied =
        Pattern.compile("(?m)^COPY (?!-)([\\w./-]+) ")
            .matcher(Files.readString(Path.of(CONTAINER + "Dockerfile")))
            .results()
            .map(match -> match.group(1))
            .toList();
    String resource = "(?s)<resource>.*?<directory>([^<]+)</directory>(.*?)</resource>";
    List<String> missing = new ArrayList<>();
    Pattern.compile(resource)
        .matcher(Files.readString(Path.of("pom.xml")))
        .results()
        .flatMap(match -> sources(match.group(1), match.group(2)))
        .filter(file -> copied.stream().noneMatch(source -> Path.of(file).startsWith(source)))
        .forEach(missing::add);
    assertEquals(List.of(), missing);
  }

  /** The files of a resource that it includes; all of them if it names none. */
  private static Stream<String> sources(String directory, String includes) {
    List<String> names =
        Pattern.compile("<include>([^<]+)</include>")
            .matcher(includes)
            .results()
            .map(match -> directory + "/" + match.group(1))
            .toList();
    return names.isEmpty() ? Stream.of(directory) : names.stream();
  }

  private static boolean starts(String source, String exception) {
    return Path.of(source).startsWith(exception.substring(1));
  }

  @Test
  void healthCheck_succeedsOn200Only() throws Exception {
    String bash = Program.installed("bash");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    for (int status : new int[] {200, 503}) {
      server.createContext(
          "/" + status,
          exchange -> {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
          });
    }
    server.start();
    int port = server.getAddress().getPort();
    try {
      assertEquals(0, ask(bash, port, "/200"));
      assertEquals(1, ask(bash, port, "/503"));
    } finally {
      server.stop(0);
    }
    assertEquals(1, ask(bash, port, "/200"));
  }

  private static int ask(String bash, int port, String path) throws Exception {
    return Program.run(
            List.of("env", "ATTOLYTICS_ADMIN_PORT=" + port, bash, CONTAINER + "ask", path))
        .exitCode();
  }

  @Test
  void compose_followsItsSchema() throws Exception {
    Program.succeed(
        Program.installed("check-jsonschema"),
        "--builtin-schema",
        "vendor.compose-spec",
        CONTAINER + "compose.yaml");
  }

  @Test
  void compose_mountsWhatIsThere() throws Exception {
    Yaml compose = Yaml.read(CONTAINER + "compose.yaml");
    List<String> volumes = compose.at("volumes").keys();
    for (String service : compose.at("services").keys()) {
      Yaml definition = compose.at("services", service);
      for (Yaml mount :
          definition.has("volumes") ? definition.at("volumes").list() : List.<Yaml>of()) {
        String source = mount.text().replaceFirst(":.*", "");
        assertTrue(
            source.startsWith(".")
                ? Files.exists(Path.of(CONTAINER, source))
                : volumes.contains(source),
            mount::text);
      }
    }
    Yaml build = compose.at("services", "attolytics", "build");
    assertTrue(
        Files.exists(
            Path.of(CONTAINER, build.at("context").text(), build.at("dockerfile").text())));
  }

  @Test
  void kubernetes_followsItsSchemas() throws Exception {
    Program.succeed(Program.installed("kubernetes-validate"), "--strict", KUBERNETES);
  }

  @Test
  void kubernetes_selectsItsPods() throws Exception {
    String labels =
        Yaml.readKind(KUBERNETES, "Deployment").at("spec", "template", "metadata", "labels").text();
    for (String kind : List.of("Deployment", "PodDisruptionBudget")) {
      Yaml spec = Yaml.readKind(KUBERNETES, kind).at("spec");
      assertEquals(labels, spec.at("selector", "matchLabels").text());
    }
    assertEquals(labels, Yaml.readKind(KUBERNETES, "Service").at("spec", "selector").text());
  }

  /** A Service {@code attolytics} would set ATTOLYTICS_PORT, which the service reads. */
  @Test
  void kubernetes_setsNoVariablesOfServices() throws Exception {
    Yaml pod = Yaml.readKind(KUBERNETES, "Deployment").at("spec", "template", "spec");
    assertTrue(pod.has("enableServiceLinks"), pod::text);
    assertEquals("false", pod.at("enableServiceLinks").text());
  }

  @Test
  void kubernetes_hasASchemaFileThatIsRight(@TempDir Path directory) throws Exception {
    String schema = Yaml.readKind(KUBERNETES, "ConfigMap").at("data", "schema.conf.yaml").text();
    Path file = Files.writeString(directory.resolve("schema.conf.yaml"), schema);
    assertEquals(1, SchemaFile.read(file, Map.of("MYAPP_SECRET_KEY", "secret")).apps().size());
  }
}

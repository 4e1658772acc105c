package attolytics.deploy;

import java.io.IOException;
import java.util.List;

/** The alert and recording rules. */
final class Rules {
  static final String FILE = "deploy/prometheus/attolytics.rules.yml";

  private Rules() {}

  private static List<Yaml> all() throws IOException {
    return Yaml.read(FILE).at("groups").list().stream()
        .flatMap(group -> group.at("rules").list().stream())
        .toList();
  }

  static List<String> alerts() throws IOException {
    return names("alert");
  }

  static List<String> records() throws IOException {
    return names("record");
  }

  static Yaml alert(String name) throws IOException {
    return all().stream()
        .filter(rule -> rule.has("alert") && rule.at("alert").text().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> names(String kind) throws IOException {
    return all().stream().filter(rule -> rule.has(kind)).map(rule -> rule.at(kind).text()).toList();
  }
}

package attolytics.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** A place in a YAML file, or in a JSON one, which is YAML as well. */
record Yaml(@Nullable Object node) {
  static Yaml read(String file) throws IOException {
    return parse(Files.readString(Path.of(file)));
  }

  static Yaml parse(String text) {
    return new Yaml(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  /** The document of that kind in a file of several. */
  static Yaml readKind(String file, String kind) throws IOException {
    String text = Files.readString(Path.of(file));
    for (Object each : new Load(LoadSettings.builder().build()).loadAllFromString(text)) {
      Yaml document = new Yaml(each);
      if (document.at("kind").text().equals(kind)) {
        return document;
      }
    }
    throw new IllegalArgumentException(file + " has no " + kind);
  }

  /** Where the keys and indexes lead, which have to be there. */
  Yaml at(Object... path) {
    Object at = node;
    for (Object step : path) {
      at = step instanceof Integer index ? ((List<?>) present(at)).get(index) : get(at, step);
    }
    return new Yaml(Objects.requireNonNull(at, () -> List.of(path).toString()));
  }

  boolean has(Object key) {
    return get(node, key) != null;
  }

  private static @Nullable Object get(@Nullable Object map, Object key) {
    return ((Map<?, ?>) present(map)).get(key);
  }

  private static Object present(@Nullable Object node) {
    return Objects.requireNonNull(node);
  }

  List<Yaml> list() {
    List<Yaml> result = new ArrayList<>();
    for (Object each : (List<?>) present(node)) {
      result.add(new Yaml(each));
    }
    return result;
  }

  /** The keys of a map. */
  List<String> keys() {
    return ((Map<?, ?>) present(node)).keySet().stream().map(String::valueOf).toList();
  }

  String text() {
    return String.valueOf(node);
  }

  int number() {
    return Integer.parseInt(text());
  }
}

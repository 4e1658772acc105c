package attolytics.schema.yaml;

import attolytics.schema.App;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.schema.yaml.NodeReader.Entry;
import attolytics.schema.yaml.NodeReader.Fields;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Turns YAML nodes into a schema. Continues after a problem, to report all of them at once; the
 * result is valid only if there are none.
 */
final class SchemaReader {
  private final Problems problems;
  private final NodeReader nodes;
  private final TableReader tableReader;
  private final AppReader appReader;
  private final Consumer<String> checkUrl;

  SchemaReader(Problems problems, Map<String, String> environment, Consumer<String> checkUrl) {
    this.problems = problems;
    this.nodes = new NodeReader(problems);
    this.tableReader = new TableReader(problems, nodes);
    this.appReader = new AppReader(problems, nodes, environment);
    this.checkUrl = checkUrl;
  }

  Schema read(Node root) {
    Map<String, Table> tables = new LinkedHashMap<>();
    Map<String, App> apps = new LinkedHashMap<>();
    Fields fields = nodes.fields(root, "the file", List.of("database_url", "tables", "apps"));
    if (fields == null) {
      return new Schema(List.of(), Map.of(), null);
    }
    String databaseUrl = databaseUrl(fields.get("database_url"));
    Node tablesNode = fields.require("tables");
    if (tablesNode != null) {
      readTables(tablesNode, tables);
    }
    Node appsNode = fields.require("apps");
    if (appsNode != null) {
      readApps(appsNode, tables, apps);
    }
    return new Schema(List.copyOf(tables.values()), apps, databaseUrl);
  }

  private @Nullable String databaseUrl(@Nullable Node node) {
    String url = nodes.optionalString(node, "database_url");
    if (node != null && url != null) {
      try {
        checkUrl.accept(url);
      } catch (IllegalArgumentException e) {
        problems.at(node, "database_url: " + e.getMessage());
      }
    }
    return url;
  }

  private void readTables(Node node, Map<String, Table> tables) {
    for (Entry entry : nodes.nonEmptyEntries(node, "tables")) {
      tables.putIfAbsent(
          entry.key().getValue(), tableReader.read(entry.key(), tables.size(), entry.value()));
    }
  }

  private void readApps(Node node, Map<String, Table> tables, Map<String, App> apps) {
    for (Entry entry : nodes.nonEmptyEntries(node, "apps")) {
      App app = appReader.read(entry, tables);
      if (app != null) {
        apps.putIfAbsent(entry.key().getValue(), app);
      }
    }
  }
}

package attolytics.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The content of a schema file.
 *
 * @param tables in the order of the file; {@code tables.get(i).ordinal() == i}
 * @param apps by id
 * @param databaseUrl the file's {@code database_url}, or null; contains a password, never log it
 */
public record Schema(List<Table> tables, Map<String, App> apps, @Nullable String databaseUrl) {
  public Schema {
    tables = List.copyOf(tables);
    apps = Map.copyOf(apps);
  }

  /** Omits the URL, which may contain a password, and the apps' secret keys. */
  @Override
  public String toString() {
    return "Schema[tables=" + tables + ", apps=" + apps.keySet() + "]";
  }
}

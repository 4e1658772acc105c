package attolytics.bench.part;

import attolytics.bench.load.Body;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A made-up schema of any size, and events for it. Each table has a timestamp first, then columns
 * of the other types in turns, without indexes; each app may write to all tables.
 */
record GrowthSchema(int tables, int columns, int apps) {
  private static final String[] TYPES = {"i32", "string", "f64", "bool", "i64"};
  private static final int SEED = 2019;

  void write(Path file) throws IOException {
    StringBuilder yaml = new StringBuilder("tables:\n");
    for (int table = 0; table < tables; table++) {
      yaml.append("  t").append(table).append(":\n    columns:\n");
      yaml.append("      - {name: c0, type: timestamp}\n");
      for (int column = 1; column < columns; column++) {
        yaml.append("      - {name: c").append(column).append(", type: ");
        yaml.append(TYPES[column % TYPES.length]).append("}\n");
      }
    }
    yaml.append("apps:\n");
    for (int app = 0; app < apps; app++) {
      yaml.append("  a").append(app).append(": {secret_key: key, tables: [t0");
      for (int table = 1; table < tables; table++) {
        yaml.append(", t").append(table);
      }
      yaml.append("]}\n");
    }
    Files.writeString(file, yaml);
  }

  /** Bodies for the apps in turns, whose events are for the tables in turns. */
  List<Body> bodies(int count, int events) {
    Random random = new Random(SEED);
    List<Body> bodies = new ArrayList<>();
    int table = 0;
    for (int i = 0; i < count; i++) {
      StringBuilder json = new StringBuilder("{\"secret_key\":\"key\",\"events\":[");
      int[] times = new int[events];
      for (int event = 0; event < events; event++) {
        json.append(event == 0 ? "" : ",").append("{\"_t\":\"t").append(table).append("\",\"c0\":");
        times[event] = json.length();
        json.append("0000000000.000000");
        for (int column = 1; column < columns; column++) {
          json.append(",\"c").append(column).append("\":").append(value(column, random));
        }
        json.append('}');
        table = (table + 1) % tables;
      }
      byte[] bytes = json.append("]}").toString().getBytes(StandardCharsets.US_ASCII);
      bodies.add(new Body("/apps/a" + i % apps + "/events", "", bytes, times));
    }
    return bodies;
  }

  private static String value(int column, Random random) {
    int number = random.nextInt(100_000);
    return switch (TYPES[column % TYPES.length]) {
      case "string" -> "\"value " + number + "\"";
      case "f64" -> number + ".25";
      case "bool" -> number % 2 == 0 ? "true" : "false";
      default -> Integer.toString(number);
    };
  }
}

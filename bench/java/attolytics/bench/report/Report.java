package attolytics.bench.report;

import attolytics.bench.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes charts, and the tables of a text that has places for them, from the raw results. */
public final class Report {
  private final Results results;

  public Report(Results results) {
    this.results = results;
  }

  /** Puts the tables into that file, and draws the charts. */
  public void write(Path readme) throws IOException {
    Files.writeString(readme, fill(Files.readString(readme)));
    new Charts(results).draw(); // last, for want of fonts it fails
  }

  /** The text with all tables in their places. */
  String fill(String text) throws IOException {
    ClosedTables closed = new ClosedTables(results);
    Tables tables = new Tables(results);
    String filled = Markers.replace(text, "machine", results.note("machine.txt"));
    filled = Markers.replace(filled, "goals", new Goals(results).toMarkdown());
    filled = Markers.replace(filled, "closed", closed.closed());
    filled = Markers.replace(filled, "cost", closed.cost());
    filled = Markers.replace(filled, "inserts", closed.inserts());
    filled = Markers.replace(filled, "peers", closed.peers());
    filled = Markers.replace(filled, "sweep", closed.sweep());
    filled = Markers.replace(filled, "open", tables.open());
    filled = Markers.replace(filled, "growth", tables.growth());
    filled = Markers.replace(filled, "repeats", tables.repeats());
    filled = Markers.replace(filled, "lenient", tables.lenient());
    return Markers.replace(filled, "stages", tables.stages());
  }
}

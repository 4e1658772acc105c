package attolytics.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.bench.part.Closed;
import attolytics.bench.part.Peers;
import attolytics.bench.result.Median;
import attolytics.bench.result.Results;
import attolytics.bench.result.Round;
import attolytics.bench.result.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportTest {
  private static final String TEXT =
      "before\n<!-- begin x -->\nold\n<!-- end x -->\nbetween\n<!-- begin y -->\n<!-- end y -->\n";

  private static final Scenario SERVICE =
      Closed.service(Closed.INDEXES, Closed.EVENTS, Closed.MANY);

  @TempDir private Path directory = Path.of("");
  private Results results = new Results(directory);

  @BeforeEach
  void openResults() {
    results = new Results(directory);
  }

  @Test
  void parse_readsWhatToCsvWrote() {
    Round round =
        new Round(
            SERVICE.with("rows before", 3.5),
            7,
            new Round.Came(123_456_789_012L, 12, 4.000123, 1.5, 22.5, 333.5),
            new Round.Cost(1.25, 2.5, 0.01, 44, 55, 66, 77, 88, 0.125));

    assertEquals(round, Round.parse(round.toCsv()));
    assertEquals(
        Round.CSV_HEAD.split(",", -1).length,
        round.toCsv().split(",", -1).length,
        "fields as in the head");
  }

  @Test
  void replace_leavesTheTextAround() {
    String once = Markers.replace(TEXT, "x", "| new |\n");

    assertEquals(
        "before\n<!-- begin x -->\n\n| new |\n\n<!-- end x -->\nbetween\n"
            + "<!-- begin y -->\n<!-- end y -->\n",
        once);
    assertEquals(once, Markers.replace(once, "x", "| new |\n"), "again");
  }

  @Test
  void replace_withoutPlace_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> Markers.replace(TEXT, "z", ""));
    assertThrows(IllegalArgumentException.class, () -> Markers.replace(TEXT + TEXT, "x", ""));
  }

  @Test
  void ofRatios_comparesRoundsOfTheSameNumber() {
    List<Round> service = List.of(round(SERVICE, 1, 50), round(SERVICE, 2, 90));
    List<Round> copy = List.of(round(SERVICE, 2, 100), round(SERVICE, 1, 200));

    assertEquals(
        new Median(0.575, 0.25, 0.9), Median.ofRatios(service, copy, Round::rowsPerSecond));
  }

  /** The places for tables in the README that is there are those that the report fills. */
  @Test
  void fill_putsTheMeasuredIntoTheReadme() throws IOException {
    results.begin(Closed.PART);
    results.add(round(SERVICE, 0, 1)); // warm-ups
    results.add(round(Closed.copy(Closed.INDEXES), 0, 1));
    results.add(round(SERVICE, 1, 80));
    results.add(round(Closed.copy(Closed.INDEXES), 1, 100));
    results.begin(Peers.PART);
    results.add(round(peer(Scenario.SERVICE), 1, 90));
    results.add(round(peer(Peers.BEFORE), 1, 60));
    results.note("machine.txt", "a machine of glass");
    Files.writeString(
        directory.resolve("stages.csv"),
        """
        "Benchmark","Mode","Threads","Samples","Score","Score Error (99.9%)","Unit","Param: order"
        "attolytics.bench.jmh.DecodeBenchmark.bodyOf10","thrpt",1,5,3500000.4,250000.1,"ops/s",SCHEMA
        "attolytics.bench.jmh.DecodeBenchmark.bodyOf10:gc.alloc.rate.norm","thrpt",1,5,1.5,0.1,"B/op",SCHEMA
        """);
    String readme = Files.readString(Path.of("bench", "README.md"));

    String filled = new Report(results).fill(readme);

    assertContains(filled, "a machine of glass");
    assertContains(filled, "| 0.88 | 1.00 | 0.80 | 0.80 – 0.80 |");
    assertContains(filled, "| ≤ 10 % | ≤ 5 % | 7.0 % | 7.0 % – 7.0 % |");
    assertContains(filled, "| 1.0 | 1.3 | 1.50 | 1.50 – 1.50 |");
    assertContains(filled, "| DecodeBenchmark.bodyOf10 | SCHEMA | 3 500 000 | 250 000 | 1.5 |");
    assertEquals(filled, new Report(results).fill(filled), "again");
    assertEquals(byHand(readme), byHand(filled));
  }

  private static Scenario peer(String load) {
    return Peers.scenario(load, Closed.INDEXES, 1, Closed.MANY);
  }

  private static Round round(Scenario scenario, int number, long rows) {
    return new Round(
        scenario,
        number,
        new Round.Came(rows, 1, 1, 1, 1, 1),
        new Round.Cost(1, 1, 1, 1, 1, 1, 1, 1, 0.07));
  }

  private static String byHand(String text) {
    return text.replaceAll("(?s)<!-- begin (\\w+) -->.*?<!-- end \\1 -->", "$1");
  }

  private static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> part + " is not in\n" + text);
  }
}

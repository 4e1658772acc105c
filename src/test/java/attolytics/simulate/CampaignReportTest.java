package attolytics.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.simulate.oracle.Findings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CampaignReportTest {
  private final StringWriter printed = new StringWriter();

  private CampaignReport report(int seeds) {
    return new CampaignReport(1, seeds, new PrintWriter(printed, true));
  }

  private List<String> lines() {
    return printed.toString().lines().toList();
  }

  private static Simulation.Result result(String... kinds) {
    Findings findings = new Findings();
    for (String kind : kinds) {
      findings.add(kind, "detail");
    }
    return new Simulation.Result(findings, 0, List.of(), new long[] {1, 1}, 50);
  }

  @Test
  void finding_isPrintedAtOnce_andAgainForASmallerSeed() {
    CampaignReport report = report(100);
    report.add(7, result("a row twice", "no answer"));
    assertEquals(List.of("seed 7 finds: a row twice", "seed 7 finds: no answer"), lines());
    report.add(8, result("a row twice"));
    report.add(5, result("a row twice"));
    assertEquals("seed 5 finds: a row twice", lines().get(2));
    assertEquals(3, lines().size());
    assertFalse(report.isEmpty());
    assertEquals(Map.of("a row twice", 5L, "no answer", 7L), report.firstSeeds());
  }

  @Test
  void progress_isPrintedAtEachTenth() {
    CampaignReport report = report(20_000);
    report.add(1, result("no answer"));
    for (long seed = 2; seed <= 20_000; seed++) {
      report.add(seed, result());
    }
    assertEquals(10, lines().size());
    assertEquals("2000 of 20000 seeds, 0 s, findings: 1", withoutTime(lines().get(1)));
    assertEquals("18000 of 20000 seeds, 0 s, findings: 1", withoutTime(lines().get(9)));
  }

  private static String withoutTime(String line) {
    return line.replaceFirst(", \\d+ s,", ", 0 s,");
  }

  @Test
  void fewSeeds_printNoProgress() {
    CampaignReport report = report(100);
    for (long seed = 1; seed <= 100; seed++) {
      report.add(seed, result());
    }
    assertEquals(List.of(), lines());
    assertTrue(report.isEmpty());
  }

  @Test
  void end_isPrintedWithCounts() {
    CampaignReport report = report(3);
    report.add(1, result("no answer"));
    report.add(2, result("no answer"));
    report.add(3, result());
    report.print();
    assertTrue(lines().get(1).startsWith("seeds 1 to 3, 150 attempts: "), lines().get(1));
    assertEquals("no answer=2, first with seed 1", lines().get(2));
  }
}

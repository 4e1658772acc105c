package attolytics.bench.result;

import attolytics.bench.load.Load;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * One run of a load, and what it cost; a line of the raw results.
 *
 * @param number from 1; 0 for one that only warms up
 */
public record Round(Scenario scenario, int number, Came came, Cost cost) {
  /**
   * What it came to.
   *
   * @param requests or transactions where there are no requests
   * @param p50 median latency in microseconds; p99 and p999 likewise
   */
  public record Came(
      long rows, long requests, double seconds, double p50, double p99, double p999) {
    public static Came of(Load.Sent sent) {
      Histogram nanos = sent.latencies();
      return new Came(
          sent.rows(),
          sent.requests(),
          sent.nanos() / 1e9,
          nanos.getValueAtPercentile(50) / 1e3,
          nanos.getValueAtPercentile(99) / 1e3,
          nanos.getValueAtPercentile(99.9) / 1e3);
    }
  }

  /**
   * What it cost.
   *
   * @param serviceCpu seconds, as the next two
   * @param postgresCpu of all of its processes
   * @param loadCpu of the benchmark itself
   * @param transactions that wrote something
   * @param walBytes that the server wrote ahead
   * @param allocatedBytes of all the service's threads
   * @param writerBytes of those, what its writers allocated
   * @param peakKib resident memory of the service at its highest, since it was started
   * @param idle share of all processors' time, 0 to 1
   */
  public record Cost(
      double serviceCpu,
      double postgresCpu,
      double loadCpu,
      long transactions,
      long walBytes,
      long allocatedBytes,
      long writerBytes,
      long peakKib,
      double idle) {}

  public static final String CSV_HEAD =
      "part,load,indexes,events,connections,variable,value,round,"
          + "rows,requests,seconds,p50_us,p99_us,p999_us,"
          + "service_cpu_seconds,postgres_cpu_seconds,load_cpu_seconds,"
          + "transactions,wal_bytes,allocated_bytes,writer_allocated_bytes,peak_kib,idle";

  public double rowsPerSecond() {
    return came.rows / came.seconds;
  }

  public double requestsPerSecond() {
    return came.requests / came.seconds;
  }

  public double transactionsPerSecond() {
    return cost.transactions / came.seconds;
  }

  public double rowsPerTransaction() {
    return (double) came.rows / Math.max(1, cost.transactions);
  }

  public double serviceCpuPerMillionRows() {
    return cost.serviceCpu * 1e6 / came.rows;
  }

  public double postgresCpuPerMillionRows() {
    return cost.postgresCpu * 1e6 / came.rows;
  }

  public double loadCpuPerMillionRows() {
    return cost.loadCpu * 1e6 / came.rows;
  }

  public double walBytesPerRow() {
    return (double) cost.walBytes / came.rows;
  }

  public double allocatedBytesPerRequest() {
    return (double) cost.allocatedBytes / came.requests;
  }

  public double writerBytesPerRow() {
    return (double) cost.writerBytes / came.rows;
  }

  public double peakMegabytes() {
    return cost.peakKib * 1024 / 1e6;
  }

  public double idlePercent() {
    return cost.idle * 100;
  }

  public String toCsv() {
    return String.format(
        Locale.ROOT,
        "%s,%s,%d,%d,%d,%s,%.3f,%d,%d,%d,%.6f,%.1f,%.1f,%.1f,%.2f,%.2f,%.2f,%d,%d,%d,%d,%d,%.4f",
        scenario.part(),
        scenario.load(),
        scenario.indexes(),
        scenario.events(),
        scenario.connections(),
        scenario.variable(),
        scenario.value(),
        number,
        came.rows,
        came.requests,
        came.seconds,
        came.p50,
        came.p99,
        came.p999,
        cost.serviceCpu,
        cost.postgresCpu,
        cost.loadCpu,
        cost.transactions,
        cost.walBytes,
        cost.allocatedBytes,
        cost.writerBytes,
        cost.peakKib,
        cost.idle);
  }

  /** What {@link #toCsv} wrote. */
  public static Round parse(String csv) {
    Fields fields = new Fields(csv);
    return new Round(
        new Scenario(
            fields.text(),
            fields.text(),
            (int) fields.whole(),
            (int) fields.whole(),
            (int) fields.whole(),
            fields.text(),
            fields.number()),
        (int) fields.whole(),
        new Came(
            fields.whole(),
            fields.whole(),
            fields.number(),
            fields.number(),
            fields.number(),
            fields.number()),
        new Cost(
            fields.number(),
            fields.number(),
            fields.number(),
            fields.whole(),
            fields.whole(),
            fields.whole(),
            fields.whole(),
            fields.whole(),
            fields.number()));
  }

  /** The rounds of one scenario among others. */
  public static List<Round> of(Scenario scenario, List<Round> rounds) {
    List<Round> own = new ArrayList<>();
    for (Round round : rounds) {
      if (round.scenario.equals(scenario)) {
        own.add(round);
      }
    }
    return own;
  }

  /** The fields of a line, in their order. */
  private static final class Fields {
    private final String[] fields;
    private int next;

    Fields(String csv) {
      fields = csv.split(",", -1);
    }

    String text() {
      return fields[next++];
    }

    long whole() {
      return Long.parseLong(text());
    }

    double number() {
      return Double.parseDouble(text());
    }
  }
}

package attolytics.bench;

import java.util.Locale;

/**
 * One run of a load, and what it cost.
 *
 * @param indexes of the table
 * @param eventsPerBody 0 where there are no bodies
 * @param connections of the clients
 * @param number from 1; 0 for one that only warms up
 * @param serviceCpu seconds, as the next two
 * @param postgresCpu of all of its processes
 * @param loadCpu of the benchmark itself
 * @param transactions that wrote something
 * @param walBytes that the server wrote ahead
 */
record Round(
    String load,
    int indexes,
    int eventsPerBody,
    int connections,
    int number,
    Load.Sent sent,
    double serviceCpu,
    double postgresCpu,
    double loadCpu,
    long transactions,
    long walBytes) {
  static final String CSV_HEAD =
      "load,indexes,events_per_body,connections,round,rows,requests,seconds,rows_per_second,"
          + "service_cpu_seconds,postgres_cpu_seconds,load_cpu_seconds,transactions,wal_bytes";

  double seconds() {
    return sent.nanos() / 1e9;
  }

  double perMillionRows(double seconds) {
    return seconds * 1e6 / sent.rows();
  }

  double transactionsPerSecond() {
    return transactions / seconds();
  }

  String toCsv() {
    return String.format(
        Locale.ROOT,
        "\"%s\",%d,%d,%d,%d,%d,%d,%.3f,%.0f,%.2f,%.2f,%.2f,%d,%d",
        load,
        indexes,
        eventsPerBody,
        connections,
        number,
        sent.rows(),
        sent.requests(),
        seconds(),
        sent.rowsPerSecond(),
        serviceCpu,
        postgresCpu,
        loadCpu,
        transactions,
        walBytes);
  }
}

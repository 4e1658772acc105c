package attolytics.torture;

import java.util.Locale;

/**
 * A fault as it is planned.
 *
 * @param afterMillis from the start of its wave
 * @param instance that it concerns, if it does one
 * @param table that it concerns, if it does one
 * @param millis how long it lasts, if it does
 * @param size between 0 and 1, of what it is
 * @param coin which of two ways
 */
record Strike(
    Fault fault,
    long afterMillis,
    int instance,
    int table,
    long millis,
    double size,
    boolean coin) {
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "+%.1f s %s (service %d, table %s, %.1f s, %.2f, %s)",
        afterMillis / 1e3,
        fault.name().toLowerCase(Locale.ROOT),
        instance,
        Database.TABLES.get(table),
        millis / 1e3,
        size,
        coin ? "heads" : "tails");
  }
}

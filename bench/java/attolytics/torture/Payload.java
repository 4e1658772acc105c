package attolytics.torture;

import java.util.List;

/** What a request has in it, apart from its bytes. */
final class Payload {
  private final long[] events;
  private final long[] correctable;
  private final long hopeless;
  private final List<Event> repeats;
  private final List<Event> sent;

  /**
   * @param events by table, the numbers of its own events that are valid, as a set of bits
   * @param correctable likewise, of those that are valid by the corrected schema file
   * @param hopeless the numbers of its own events that nothing makes valid, as a set of bits
   * @param repeats events that are in the request though others, or it, have them already
   * @param sent all of its events in their order, if it is to be handled leniently, else none
   */
  Payload(long[] events, long[] correctable, long hopeless, List<Event> repeats, List<Event> sent) {
    this.events = events;
    this.correctable = correctable;
    this.hopeless = hopeless;
    this.repeats = List.copyOf(repeats);
    this.sent = List.copyOf(sent);
  }

  /** The numbers of its own events that become rows of the table, sooner or later. */
  long rows(int table) {
    return events[table] | correctable[table];
  }

  /** The numbers of its own events that stay in quarantine. */
  long hopeless() {
    return hopeless;
  }

  List<Event> repeats() {
    return repeats;
  }

  /** All of its events, if it is to be handled leniently, else none. */
  List<Event> sent() {
    return sent;
  }

  /** The tables that it may write to, as a set of bits. */
  int tables() {
    int tables = 0;
    for (int table = 0; table < events.length; table++) {
      tables |= rows(table) == 0 ? 0 : 1 << table;
    }
    for (Event event : repeats) {
      tables |= 1 << event.table();
    }
    for (Event event : sent) {
      tables |= event.table() == Event.NO_TABLE ? 0 : 1 << event.table();
      tables |= event.code() == null ? 0 : Database.QUARANTINE;
    }
    return tables;
  }
}

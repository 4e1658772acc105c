package attolytics.buffer;

/** Receives the outcome of a batch, and answers the client. */
public interface Ack {
  /** Called once per published batch, on the writer's thread. Must not block or throw. */
  void settled(Outcome outcome);
}

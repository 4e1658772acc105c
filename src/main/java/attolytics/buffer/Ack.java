package attolytics.buffer;

/** The one who waits for a batch's outcome and tells the client. */
public interface Ack {
  /** Called once a published batch, on the writer's thread; must not block nor throw. */
  void settled(Outcome outcome);
}

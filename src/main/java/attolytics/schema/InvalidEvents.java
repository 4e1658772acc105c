package attolytics.schema;

/** How an app's invalid events are handled if the request does not say so. */
public enum InvalidEvents {
  /** They refuse their request. */
  REFUSE,
  /** They are put into the quarantine table, and the request's other events are stored. */
  QUARANTINE
}

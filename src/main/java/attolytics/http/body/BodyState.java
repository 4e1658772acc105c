package attolytics.http.body;

/**
 * The states of a {@link BodyReader}.
 *
 * <pre>
 *   NEW ──► READING ──► WAITING ──► QUEUED ──► DONE
 *             │           │           ▲          ▲
 *             ├───────────┼───────────┘          │
 *             └───────────┴──────────────────────┘
 * </pre>
 */
enum BodyState {
  /** Not started. */
  NEW,
  /** Reads what arrived together with the headers. */
  READING,
  /** Waits for the rest of the body; listed in {@link PendingBodies}. */
  WAITING,
  /** Has all of a large body, and waits in {@link PendingBodies} for its turn to be delivered. */
  QUEUED,
  /** Has called its receiver. */
  DONE
}

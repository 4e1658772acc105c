/** A row for a table of the schema file. */
export interface Event {
  /** The table. */
  _t: string;
  [column: string]: unknown;
}

export interface Options {
  /** How long an event waits for others, in milliseconds (default: 2000). */
  interval?: number;

  /**
   * The size of the queue (default: 1 MB in pages with storage, else 16 MB). If there are more
   * events, the oldest are dropped.
   */
  maxBytes?: number;

  /**
   * Asks the service to store the valid events of a batch, and to put the others into quarantine
   * (default: false).
   */
  lenient?: boolean;

  /**
   * Called once for each event that is given up (default: a warning on the console).
   *
   * @param reason `queue_full`, `expired`, `quarantined`, an error's `code`, such as
   *     `type_mismatch`, or the end of a problem's `type`, such as `unknown_table`
   * @param detail what the service says about it
   */
  onDrop?: (event: Event, reason: string, detail?: string) => void;

  /**
   * Called after each request that fails and is sent again later, so about once a minute if it goes
   * on (default: a warning on the console).
   *
   * @param reason `no_answer`, which may also be an origin that the app does not allow, the end of
   *     a problem's `type`, such as `wrong_secret_key`, or `http_502` if another server answers
   * @param detail what the service says about it
   */
  onRetry?: (reason: string, detail?: string) => void;
}

/** Sends events to an app, each of them once. */
export class Attolytics {
  /** @param url `https://events.example.com/apps/com.example.myapp/events` */
  constructor(url: string, secretKey: string, options?: Options);

  /** Puts an event into the queue. */
  track(event: Event): void;

  /** Sends without waiting for more events. Resolves when the queue is empty. */
  flush(): Promise<void>;
}

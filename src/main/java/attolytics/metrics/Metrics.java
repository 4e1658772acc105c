package attolytics.metrics;

/** Receives the measurements of the pipeline. Any thread; implementations do not block or throw. */
public interface Metrics {
  /** Measures nothing. */
  Metrics NONE =
      new Metrics() {
        @Override
        public void requestAnswered(String app, int status, long nanos) {}

        @Override
        public void eventsAccepted(String app, int events) {}

        @Override
        public void eventsRejected(String app, String reason, int events) {}

        @Override
        public void requestRefused(String app, String reason) {}

        @Override
        public void duplicatesSuppressed(String app, int events) {}

        @Override
        public void eventsQuarantined(String app, String code, int events) {}

        @Override
        public void rowsCommitted(String table, int rows) {}

        @Override
        public void rowsLeftOut(String table, int rows) {}

        @Override
        public void flushStarted(FlushTrigger trigger) {}

        @Override
        public void flushCommitted(int rows, long bytes, long nanos) {}

        @Override
        public void flushFailed(String sqlStateClass) {}
      };

  /** The app of a request whose app is not in the schema. */
  String UNKNOWN_APP = "unknown";

  /**
   * A request was answered.
   *
   * @param app id, or {@link #UNKNOWN_APP}
   * @param nanos from the request's first byte to its answer
   */
  void requestAnswered(String app, int status, long nanos);

  /** The events of a request that was published to the ring. */
  void eventsAccepted(String app, int events);

  /**
   * The events of a refused request.
   *
   * @param reason one of a fixed set
   */
  void eventsRejected(String app, String reason, int events);

  /**
   * A request was refused, whether its events were read or not.
   *
   * @param reason one of a fixed set
   */
  void requestRefused(String app, String reason);

  /** The events of a request repeated under its Idempotency-Key, which are not stored again. */
  void duplicatesSuppressed(String app, int events);

  /**
   * Events of a leniently handled request are committed to the quarantine.
   *
   * @param code the reason; one of a fixed set
   */
  void eventsQuarantined(String app, String code, int events);

  /** Rows of a table are committed. */
  void rowsCommitted(String table, int rows);

  /** Rows of a committed request are left out, as the table has their values already. */
  void rowsLeftOut(String table, int rows);

  /** A writer begins to flush the requests that it has gathered. */
  void flushStarted(FlushTrigger trigger);

  /**
   * A transaction is committed.
   *
   * @param nanos from acquiring the connection to the end of the COMMIT
   */
  void flushCommitted(int rows, long bytes, long nanos);

  /**
   * A transaction failed.
   *
   * @param sqlStateClass the SQLSTATE's first two characters, or {@code none}
   */
  void flushFailed(String sqlStateClass);
}

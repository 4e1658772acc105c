package attolytics.settings;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * All settings, from the command line and the environment, validated. Immutable, and without a
 * password in its text.
 *
 * @param schema the schema file
 * @param databaseUrl null: the schema file's, or else the embedded database
 * @param host address of the public port
 * @param port 0 for a free one
 * @param adminHost address of the admin port
 * @param adminPort 0 for a free one
 * @param dataDir where the embedded database keeps its data
 * @param writers parallel database writers, each with a connection
 * @param flushRows rows that make a flush due
 * @param flushBytes bytes of encoded rows that make a flush due
 * @param flushInterval how long the oldest row may wait for a flush, or null: measured
 * @param maxBuffer bytes of bodies being read, of rows not yet committed, and of what else clients
 *     make the service hold
 * @param maxBody bytes of a request body, before and after decompression
 * @param maxConnections open connections of the public port
 * @param headerTimeout for all headers of a request to arrive
 * @param bodyTimeout for a whole body to arrive
 * @param idleTimeout after which a connection without a request, or an unread answer, is closed
 * @param idempotencyTtl how long an Idempotency-Key is remembered
 * @param trustedProxies whose {@code X-Forwarded-For} is believed
 * @param quarantineTtl how long an event is kept in quarantine
 * @param quarantineRows how many events of an app are kept there
 * @param ackTimeout how long a request may wait for its commit
 * @param drainTimeout how long a stop may take
 * @param migrate whether a start and a reload change the database to fit the schema file
 * @param verbosity -1 for errors only, 0, 1 or 2
 * @param logFormat of the log's lines
 */
public record Settings(
    Path schema,
    @Nullable DatabaseUrl databaseUrl,
    String host,
    int port,
    String adminHost,
    int adminPort,
    Path dataDir,
    int writers,
    int flushRows,
    int flushBytes,
    @Nullable Duration flushInterval,
    long maxBuffer,
    int maxBody,
    int maxConnections,
    Duration headerTimeout,
    Duration bodyTimeout,
    Duration idleTimeout,
    Duration idempotencyTtl,
    TrustedProxies trustedProxies,
    Duration quarantineTtl,
    int quarantineRows,
    Duration ackTimeout,
    Duration drainTimeout,
    boolean migrate,
    int verbosity,
    LogFormat logFormat) {}

/**
 * Reads the body of a request without blocking, within limits on size, memory and time, and decodes
 * its transfer coding and content encoding. What leaves this package is a plain body, delivered
 * exactly once.
 *
 * <p>What the bytes mean is decided in {@code decode}; sockets are in {@code http.server}. Start
 * with {@link attolytics.http.body.BodyReader}. {@link attolytics.http.body.PendingBodies} holds
 * the incomplete bodies of an IO thread, and reserves their memory from {@link
 * attolytics.buffer.Budget}.
 */
@NullMarked
package attolytics.http.body;

import org.jspecify.annotations.NullMarked;

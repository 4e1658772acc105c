/**
 * The bounded queue of requests, with their encoded rows, between IO threads and writer threads.
 *
 * <pre>
 *   IO threads                          writer thread
 *   offer(batch) ──►  ┌─┬─┬─┬─┬─┬─┬─┐   poll() ──► flush ──► release()
 *   or refuse         │b│·│·│b│b│·│ │
 *                     └─┴─┴─┴─┴─┴─┴─┘   one slot per row; a request's first slot (b) holds its batch
 * </pre>
 *
 * <p>A {@link attolytics.buffer.Batch} is one request, and belongs to one thread at a time: to the
 * IO thread that decodes into it; after {@link attolytics.buffer.Ring#offer} to the writer; and
 * after {@link attolytics.buffer.Batch#settle}, which gives it its outcome, to the IO thread again,
 * through its {@link attolytics.buffer.Ack}. {@link attolytics.buffer.Budget} limits the memory of
 * all requests. Nothing here knows about HTTP or the database. Start with {@link
 * attolytics.buffer.Ring}.
 */
@NullMarked
package attolytics.buffer;

import org.jspecify.annotations.NullMarked;

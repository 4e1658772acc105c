/**
 * The bounded queue between the IO threads and the writers: requests whose rows are encoded.
 *
 * <pre>
 *   IO threads                          writer thread
 *   offer(batch) ──►  ┌─┬─┬─┬─┬─┬─┬─┐   poll() ──► flush ──► release()
 *   or refuse         │b│·│·│b│b│·│ │
 *                     └─┴─┴─┴─┴─┴─┴─┘   one slot per row; the first one has the batch
 * </pre>
 *
 * A {@link attolytics.buffer.Batch} belongs to one thread at a time: to the IO thread that decodes
 * into it, from {@link attolytics.buffer.Ring#offer} on to the writer, and from {@link
 * attolytics.buffer.Batch#settle} on to the IO thread again, by its {@link attolytics.buffer.Ack}.
 * {@link attolytics.buffer.Budget} limits the bytes of all requests. Nothing here knows HTTP or the
 * database. Begin with {@link attolytics.buffer.Ring}.
 */
@NullMarked
package attolytics.buffer;

import org.jspecify.annotations.NullMarked;

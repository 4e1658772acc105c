/**
 * Between the IO threads and the writers: a bounded ring of requests whose rows are encoded.
 *
 * <pre>
 *   IO threads                          writer thread
 *   offer(batch) ──►  ┌─┬─┬─┬─┬─┬─┬─┐   poll() ──► flush ──► release()
 *   or refuse         │b│·│·│b│b│·│ │
 *                     └─┴─┴─┴─┴─┴─┴─┘   one slot a row; the first one holds the batch
 * </pre>
 *
 * A {@link attolytics.buffer.Batch} belongs to one thread at a time: to the IO thread that decodes
 * into it, from {@link attolytics.buffer.Ring#offer} on to the writer, and from {@link
 * attolytics.buffer.Batch#settle} on to its {@link attolytics.buffer.Ack} again. {@link
 * attolytics.buffer.Budget} bounds the bytes that may be on the way.
 */
@NullMarked
package attolytics.buffer;

import org.jspecify.annotations.NullMarked;

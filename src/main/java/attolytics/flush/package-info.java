/**
 * From the ring into PostgreSQL: {@link attolytics.flush.Writer} gathers requests, {@link
 * attolytics.flush.FlushTransaction} writes them with one COPY a table and commits, {@link
 * attolytics.flush.Flusher} settles every one of them, whatever the database says.
 */
@NullMarked
package attolytics.flush;

import org.jspecify.annotations.NullMarked;

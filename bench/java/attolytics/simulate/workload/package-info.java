/**
 * What clients send: a {@link attolytics.simulate.workload.Request} with rows for the tables of
 * {@link attolytics.simulate.workload.ModelTable}. An {@link attolytics.simulate.workload.Attempt}
 * is a request that is sent once: the batch that the writers get, and their answer.
 */
@NullMarked
package attolytics.simulate.workload;

import org.jspecify.annotations.NullMarked;

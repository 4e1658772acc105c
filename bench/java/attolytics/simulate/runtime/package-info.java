/**
 * Everything that would be left to chance otherwise: time, the order in which threads run, and
 * random numbers. It knows nothing of requests and databases.
 *
 * <p>Begin with {@link attolytics.simulate.runtime.Scheduler}. The writers are threads, of which
 * one runs at a time ({@link attolytics.simulate.runtime.Task}): where one waits, for requests, for
 * the database or for a pause to end, the scheduler picks the one that goes on. All else are
 * actions, which run on whichever thread has just begun to wait.
 */
@NullMarked
package attolytics.simulate.runtime;

import org.jspecify.annotations.NullMarked;

/**
 * The database and the servers before it, on which one load at a time is measured. Begin with
 * {@link attolytics.bench.rig.Rig}; what it opens is closed by {@link
 * attolytics.bench.rig.Resources}. Which loads there are is not decided here.
 */
@NullMarked
package attolytics.bench.rig;

import org.jspecify.annotations.NullMarked;

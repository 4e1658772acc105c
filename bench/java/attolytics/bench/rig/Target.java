package attolytics.bench.rig;

import org.jspecify.annotations.Nullable;

/**
 * Where a load goes.
 *
 * @param database that holds the rows in the end
 * @param served the server that takes the load; null if the load goes to the database itself, or to
 *     a server that was not started here, whose costs are then unknown
 */
public record Target(Database database, @Nullable Served served) {}

package attolytics.simulate.server;

import attolytics.simulate.workload.Attempt;

/**
 * A row that a transaction has written.
 *
 * @param id see {@link attolytics.simulate.workload.Request#rowId}
 * @param isQuarantined whether it is in the table of events in quarantine
 * @param xid the transaction's
 */
public record WrittenRow(long id, boolean isQuarantined, Attempt attempt, long xid) {}

package attolytics.simulate.oracle;

import attolytics.flush.transaction.FlushException.Kind;
import attolytics.simulate.plan.Plan;
import attolytics.simulate.workload.Request;
import attolytics.simulate.workload.RowFault;
import java.util.HashSet;
import java.util.Set;

/** Tells which requests no other request's bad row may affect. */
final class Isolation {
  private final Set<Object> affected = new HashSet<>();

  Isolation(Plan plan) {
    for (Request request : plan.requests()) {
      if (request.hasRowFault()) {
        request.rows().stream()
            .filter(row -> row.table().isUnique())
            .forEach(row -> affected.add(row.value()));
        if (request.key() != null) {
          affected.add(request.key());
        }
      }
    }
  }

  /** Whether it has no bad row, and no need of what a request holds that has. */
  boolean isUnaffected(Request request) {
    return !request.hasRowFault()
        && !affected.contains(request.key())
        && request.rows().stream()
            .noneMatch(row -> row.table().isUnique() && affected.contains(row.value()));
  }

  /** Whether it needs nothing that others hold, and its SQLSTATE says that it cannot be stored. */
  static boolean isRefusedAtOnce(Request request) {
    return request.hasRowFault()
        && request.key() == null
        && request.rows().stream().noneMatch(row -> row.table().isUnique())
        && !request.hasRowFault(Isolation::mayPass);
  }

  private static boolean mayPass(RowFault fault) {
    return fault.isSlow() || fault.ends() || Kind.of(fault.sqlState(), false) == Kind.TRANSIENT;
  }
}

package attolytics.simulate;

import attolytics.flush.transaction.FlushException.Kind;
import java.util.HashSet;
import java.util.Set;

/** Whose answer nothing in the plan but a fault can change. */
final class Innocence {
  private final Set<Object> troubled = new HashSet<>();

  Innocence(Plan plan) {
    for (Plan.Request request : plan.requests()) {
      if (request.hasTrouble()) {
        request.rows().stream()
            .filter(row -> row.table().isUnique())
            .forEach(row -> troubled.add(World.value(row)));
        if (request.key() != null) {
          troubled.add(request.key());
        }
      }
    }
  }

  /** Whether it has no trouble, and no need of what a request holds that has. */
  boolean isInnocent(Plan.Request request) {
    return !request.hasTrouble()
        && !troubled.contains(request.key())
        && request.rows().stream()
            .noneMatch(row -> row.table().isUnique() && troubled.contains(World.value(row)));
  }

  /** Whether it needs nothing that others hold, and its SQLSTATE says that it cannot be stored. */
  static boolean isRefusedAtOnce(Plan.Request request) {
    return request.hasTrouble()
        && request.key() == null
        && request.rows().stream().noneMatch(row -> row.table().isUnique())
        && !request.hasTrouble(Innocence::mayPass);
  }

  private static boolean mayPass(Plan.Trouble trouble) {
    return trouble.nanos() > 0
        || trouble.ends()
        || Kind.of(trouble.sqlState(), false) == Kind.TRANSIENT;
  }
}

package attolytics.simulate.oracle;

import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.simulate.server.Server;
import attolytics.simulate.server.WrittenRow;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.ModelTable;
import attolytics.simulate.workload.Request;
import attolytics.simulate.workload.Row;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks that rows and keys are stored as the answers say: wholly, and once. */
final class StorageCheck {
  /** What became of the rows of an attempt: how many of each, and in how many transactions. */
  private record Written(
      int stored, int quarantined, int duplicates, int missing, int transactions) {}

  private final Server server;
  private final Findings findings;

  StorageCheck(Server server, Findings findings) {
    this.server = server;
    this.findings = findings;
  }

  /** What is wrong with an answer that has just been given, or null. */
  @Nullable String wrongAnswer(Attempt attempt) {
    Outcome outcome = attempt.outcome();
    if (outcome == null) {
      return null;
    }
    return switch (outcome.kind()) {
      case STORED -> wrongStored(attempt);
      case REPLAYED -> wrongReplay(attempt, outcome);
      default -> null;
    };
  }

  private Written written(Attempt attempt) {
    int stored = 0;
    int quarantined = 0;
    int duplicates = 0;
    int missing = 0;
    Set<Long> xids = new HashSet<>();
    List<Row> rows = attempt.request().rows();
    for (int i = 0; i < rows.size(); i++) {
      int found = 0;
      for (WrittenRow row : server.stored(attempt.request().rowId(i))) {
        if (row.attempt() == attempt) {
          found++;
          xids.add(row.xid());
          quarantined += row.isQuarantined() ? 1 : 0;
          stored += row.isQuarantined() ? 0 : 1;
        }
      }
      if (found == 0) {
        boolean isDuplicate = isDuplicate(rows.get(i));
        duplicates += isDuplicate ? 1 : 0;
        missing += isDuplicate ? 0 : 1;
      }
    }
    return new Written(stored, quarantined, duplicates, missing, xids.size());
  }

  /** Whether a row with the same value is there, where that is enough. */
  private boolean isDuplicate(Row row) {
    return row.table() == ModelTable.CLICKS && server.isCommitted(row.value());
  }

  private @Nullable String wrongStored(Attempt attempt) {
    Written written = written(attempt);
    Request request = attempt.request();
    if (request.hasFatalRow() && written.stored + written.duplicates == request.rows().size()) {
      return "a 200 for a request that has to be refused";
    }
    if (written.missing > 0) {
      return written.stored == 0 ? "a 200, and no rows" : "a request in part";
    }
    if (written.transactions > 1) {
      return "a request in several transactions";
    }
    if (!request.isLenient() && written.quarantined > 0) {
      return "an event in quarantine that was not to be";
    }
    return attempt.countsOtherThan(written.stored, written.duplicates, written.quarantined)
        ? "an answer that counts wrongly"
        : null;
  }

  private @Nullable String wrongReplay(Attempt attempt, Outcome outcome) {
    IdempotencyKey key = attempt.batch().key();
    Server.Key stored = key == null ? null : server.keys().get(key);
    if (stored == null || !stored.isCommitted()) {
      return "a replay of what was never stored, or refused";
    }
    if (!stored.isOf(attempt.request())) {
      return "a replay of another request";
    }
    return Objects.equals(stored.answer(), outcome.detail())
        ? null
        : "a replay with another answer";
  }

  /** Judges the rows that are there at the end. */
  void judgeRows(List<Attempt> attempts) {
    Map<Integer, Set<Attempt>> writers = new HashMap<>(); // by the number of the request
    server
        .rows()
        .forEach(
            (id, stored) -> {
              if (stored.size() > 1) {
                findings.add("a row twice", "row " + Request.rowOf(id) + " of " + stored);
              }
              for (WrittenRow row : stored) {
                writers
                    .computeIfAbsent(Request.numberOf(id), none -> new LinkedHashSet<>())
                    .add(row.attempt());
              }
            });
    for (Set<Attempt> each : writers.values()) {
      if (each.size() > 1) {
        findings.add("a request stored twice", each);
      }
    }
    for (Attempt attempt : attempts) {
      if (writers.getOrDefault(attempt.request().number(), Set.of()).contains(attempt)) {
        findings.addIfAny(wrongRows(attempt), attempt);
      }
    }
  }

  /** What is wrong with an attempt of which rows are there, or null. */
  private @Nullable String wrongRows(Attempt attempt) {
    if (written(attempt).missing > 0) {
      return "a request in part";
    }
    if (attempt.isRefused()) {
      return "refused, and yet stored";
    }
    return !attempt.request().isLenient() && attempt.request().hasFatalRow()
        ? "a request that has to be refused is stored"
        : null;
  }

  /** Judges what the answers to requests say, taken together. */
  void judgeAnswers(List<Attempt> attempts) {
    Set<Object> stored = new HashSet<>();
    for (Attempt attempt : attempts) {
      IdempotencyKey key = attempt.batch().key();
      Object identity = key == null ? attempt.request().number() : key;
      if (attempt.was(Outcome.Kind.STORED) && !stored.add(identity)) {
        findings.add("stored twice, by its answers", attempt);
      }
    }
  }

  /** Judges the keys that are there at the end. */
  void judgeKeys() {
    for (Server.Key key : server.keys().values()) {
      if (key.attempt().isRefused()) {
        findings.add("a refused request has used its key up", key.attempt());
      } else if (written(key.attempt()).missing > 0) {
        findings.add("a key without its rows", key.attempt());
      }
    }
  }
}

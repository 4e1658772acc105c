package attolytics.simulate.oracle;

import attolytics.simulate.plan.Plan;
import attolytics.simulate.server.Server;
import attolytics.simulate.workload.Attempt;
import java.util.List;

/**
 * Compares what clients are told with what the server holds, and with what was broken when: by the
 * rules of the torture test, but exactly, and at the time of the answer.
 */
public final class Oracle {
  private final Findings findings;
  private final StorageCheck storage;
  private final AnswerCheck answers;

  public Oracle(Plan plan, Server server, FaultHistory faultHistory, Findings findings) {
    this.findings = findings;
    this.storage = new StorageCheck(server, findings);
    this.answers = new AnswerCheck(plan, server, faultHistory);
  }

  /**
   * Judges an answer when it is given.
   *
   * @param pendingBytes what its instance's unanswered requests take of the buffer, with this one
   */
  public void answered(Attempt attempt, long pendingBytes) {
    findings.addIfAny(storage.wrongAnswer(attempt), attempt);
    findings.addIfAny(answers.wrongBufferFull(attempt, pendingBytes), attempt);
  }

  /** Judges everything at the end. */
  public void judge(List<Attempt> attempts) {
    storage.judgeRows(attempts);
    attempts.forEach(attempt -> findings.addIfAny(answers.wrongAnswer(attempt), attempt));
    storage.judgeAnswers(attempts);
    storage.judgeKeys();
  }
}

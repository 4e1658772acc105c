package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.Budget;
import attolytics.schema.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeferredTest {
  private static final long MILLISECOND = 1_000_000;
  private static final Table T = Batches.T;
  private final Deferred deferred = new Deferred();

  private static Batch batch() {
    return Batches.batch(T);
  }

  private Deferred.Wait due() {
    return Objects.requireNonNull(deferred.due(1_000_000_000));
  }

  @Test
  void wait_whoseRequestWasSettled_isOver() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdTable(T, List.of(first, second), 0);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(), true, 0);
    assertEquals(List.of(second), deferred.takeSeparate());
    assertTrue(deferred.isEmpty());
  }

  @Test
  void wait_whoseRequestWasNotTried_goesOnWithIt() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdTable(T, List.of(second, first), 0);
    retryWithoutSuccess(20 * MILLISECOND);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(List.of(first)), false, 0);
    assertEquals(1, due().triesForLimits());
    assertEquals(List.of(first), deferred.takeForRetry(due()));
  }

  @Test
  void wait_whoseRequestExpired_goesOn() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdTable(T, List.of(first, second), 0);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(), false, 0);
    assertFalse(deferred.hasSeparate());
    assertTrue(deferred.holdIfNeeded(batch()));
  }

  /** Else it would be the first at each retry, and the others would never be tried. */
  @Test
  void wait_whoseRequestWasNotTried_isDueBehindTheOthers() {
    Batch first = batch();
    Batch second = batch();
    deferred.holdAlone(first, 0);
    deferred.holdAlone(second, 1);
    assertEquals(List.of(first), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(List.of(first)), false, 500_000_000);
    assertEquals(List.of(second), deferred.takeForRetry(due()));
  }

  private static Batch reserved(Batch batch) {
    assertTrue(batch.reserve(0));
    return batch;
  }

  private List<Batch> newest(int count) {
    List<Batch> removed = new ArrayList<>();
    long bytes = count * reserved(batch()).reservedBytes();
    deferred.removeNewest(bytes, (batch, reason) -> removed.add(batch));
    return removed;
  }

  @Test
  void newest_areThoseOfTheLargestWait_butForItsFirst() {
    Batch first = reserved(batch());
    Batch second = reserved(batch());
    Batch third = reserved(batch());
    deferred.holdAlone(reserved(batch()), 0);
    deferred.holdTable(T, List.of(first, second, third), 0);
    deferred.addSeparate(List.of(reserved(batch())));
    assertEquals(List.of(third), newest(1));
    assertEquals(List.of(second), newest(5));
    assertEquals(3, deferred.rows());
  }

  @Test
  void newestSeparateRequests_areThoseOfTheLastParts_butForTheFirst() {
    Batch first = reserved(batch());
    Batch second = reserved(batch());
    Batch third = reserved(batch());
    Batch fourth = reserved(batch());
    deferred.addSeparatePart(List.of(first, second));
    deferred.addSeparate(List.of(third, fourth));
    assertEquals(List.of(fourth), newest(1));
    Batch fifth = reserved(batch());
    deferred.addSeparate(List.of(fifth));
    assertEquals(List.of(fifth, third, second), newest(9));
    assertEquals(List.of(first), deferred.takeSeparate());
    assertTrue(deferred.isEmpty());
  }

  /** However large a single request is. */
  @Test
  void newest_areFoundAmongThoseThatWaitAlone() {
    Batch last = reserved(batch());
    Batch large = new Batch(1 << 20, 1 << 22, new Budget(Long.MAX_VALUE));
    large.accept(outcome -> {}, 0);
    deferred.holdTable(T, List.of(reserved(large)), 0);
    deferred.holdAlone(reserved(batch()), 0);
    deferred.holdAlone(reserved(batch()), 0);
    deferred.holdAlone(last, 0);
    assertEquals(List.of(last), newest(1));
    assertEquals(1, newest(9).size());
    assertEquals(2, deferred.waiting());
  }

  @Test
  void newestWithALockedKey_leavesItFree() {
    Batch refused = reserved(Batches.keyed("2", T));
    deferred.holdKeys(List.of(reserved(Batches.keyed("1", T)), refused), 0);
    assertEquals(List.of(refused), newest(1));
    assertFalse(deferred.holdIfNeeded(Batches.keyed("2", T)));
    assertTrue(deferred.holdIfNeeded(Batches.keyed("1", T)));
  }

  private void assertBytes(int requests) {
    assertEquals(requests * reserved(batch()).reservedBytes(), deferred.bytes());
  }

  @Test
  void bytes_areThoseOfAllWhoAreDeferred() {
    Batch first = reserved(batch());
    deferred.holdTable(T, List.of(first, reserved(batch()), reserved(batch())), 0);
    assertTrue(deferred.holdIfNeeded(reserved(batch())));
    assertBytes(4);
    deferred.addSeparate(List.of(reserved(batch()), reserved(batch())));
    deferred.addSeparatePart(List.of(reserved(batch())));
    assertBytes(7);
    List<Batch> part = Objects.requireNonNull(deferred.takeSeparate());
    assertBytes(5);
    deferred.postpone(List.of(part));
    assertBytes(7);
    deferred.takeForRetry(due());
    assertBytes(6);
    deferred.endRetry(List.of(List.of(first)), false, 0);
    assertBytes(7);
    deferred.removeIf(batch -> batch == first, (batch, reason) -> {});
    assertBytes(6);
    deferred.takeForRetry(due());
    deferred.endRetry(List.of(), true, 0);
    assertBytes(5);
    newest(1);
    assertBytes(4);
    deferred.clear();
    assertBytes(0);
  }

  private void retryWithoutSuccess(long now) {
    List<Batch> taken = deferred.takeForRetry(Objects.requireNonNull(deferred.due(now)));
    deferred.holdTable(T, taken, now);
    deferred.endRetry(List.of(), false, now);
  }

  /** It may be free by now, and the next request may need something else that is locked, too. */
  @Test
  void retryThatShowsNothing_isFollowedByABriefOne() {
    Batch keyed = Batches.keyed("1", T);
    deferred.holdTable(T, List.of(batch(), keyed, batch()), 0);
    retryWithoutSuccess(20 * MILLISECOND);
    Deferred.Wait wait = due();
    assertEquals(1, wait.triesForLimits());
    assertEquals(List.of(keyed), deferred.takeForRetry(wait));
    deferred.holdKeys(List.of(keyed), 100 * MILLISECOND);
    deferred.endRetry(List.of(), false, 100 * MILLISECOND);
    assertEquals(0, wait.triesForLimits());
    assertEquals(0, deferred.until(100 * MILLISECOND));
    retryWithoutSuccess(100 * MILLISECOND);
    assertEquals(2, wait.triesForLimits());
  }

  /** They wait for one of them at a time: two waits must not pass them to each other for ever. */
  @Test
  void requestsForTwoLockedTables_areTried() {
    for (Table table : List.of(T, Batches.U)) {
      Batch first = Batches.batch(T, Batches.U);
      deferred.holdTable(table, List.of(first, Batches.batch(T, Batches.U)), 0);
    }
    assertEquals(List.of(), deferred.takeForRetry(due()));
    deferred.endRetry(List.of(), false, 20 * MILLISECOND);
    assertEquals(1, deferred.takeForRetry(due()).size());
    assertEquals(3, deferred.waiting());
  }

  /** As many may follow it that show nothing. */
  @Test
  void retryThatShowsNothing_letsOthersHaveTheirTurn() {
    Batch other = Batches.batch(Batches.U);
    deferred.holdTable(T, List.of(Batches.keyed("1", T), Batches.keyed("2", T)), 0);
    deferred.holdTable(Batches.U, List.of(other), 1);
    deferred.takeForRetry(due());
    deferred.endRetry(List.of(), false, 100 * MILLISECOND);
    assertEquals(List.of(other), deferred.takeForRetry(due()));
  }

  /** The search that found some of them locked has found the others free. */
  @Test
  void keysThatWereFoundFree_doNotWaitWithTheLocked() {
    Batch locked = Batches.keyed("1", T);
    Batch free = Batches.keyed("2", T);
    deferred.holdKeys(List.of(locked, free), 0);
    deferred.takeForRetry(due());
    deferred.holdKeys(List.of(locked), 20 * MILLISECOND);
    deferred.endRetry(List.of(List.of(free)), false, 20 * MILLISECOND);
    assertEquals(List.of(free), deferred.takeSeparate());
    assertEquals(40 * MILLISECOND, deferred.until(20 * MILLISECOND));
  }

  @Test
  void retries_comeAfterLongerAndLongerTimes() {
    deferred.holdTable(T, List.of(batch()), 0);
    long now = 0;
    for (long millis : List.of(20, 40, 80, 160, 320, 500, 500)) {
      assertEquals(millis * MILLISECOND, deferred.until(now));
      assertNull(deferred.due(now + millis * MILLISECOND - 1));
      now += millis * MILLISECOND;
      assertEquals(0, deferred.until(now + 1));
      retryWithoutSuccess(now);
    }
  }

  /** A second request of the same retry that has to wait again does not count. */
  @Test
  void retry_ofSeveral_isOneTry() {
    Batch first = Batches.keyed("1", T);
    Batch second = Batches.keyed("2", T);
    deferred.holdKeys(List.of(first, second), 0);
    assertEquals(List.of(first, second), deferred.takeForRetry(due()));
    deferred.holdKeys(List.of(first), 0);
    deferred.holdKeys(List.of(second), 0);
    deferred.endRetry(List.of(), false, 0);
    assertEquals(40 * MILLISECOND, deferred.until(0));
    assertEquals(1, due().triesForLimits());
  }

  @Test
  void firstToHaveWaited_isDueFirst() {
    deferred.holdTable(Batches.U, List.of(Batches.batch(Batches.U)), 2);
    Batch earlier = batch();
    deferred.holdAlone(earlier, 1);
    Batch later = batch();
    deferred.holdAlone(later, 2);
    assertEquals(List.of(earlier), deferred.takeForRetry(due()));
  }

  @Test
  void hold_saysWhetherItIsNew() {
    assertTrue(deferred.holdTable(T, List.of(batch()), 0));
    assertFalse(deferred.holdTable(T, List.of(batch()), 0));
    assertTrue(deferred.holdKeyTable(List.of(Batches.keyed("1", T)), 0));
    assertFalse(deferred.holdKeyTable(List.of(Batches.keyed("2", T)), 0));
    assertTrue(deferred.holdKeys(List.of(Batches.keyed("3", T)), 0));
    assertFalse(deferred.holdKeys(List.of(Batches.keyed("4", T)), 0));
  }

  @Test
  void newRequest_waits_ifItNeedsWhatIsLocked() {
    deferred.holdTable(T, List.of(batch()), 0);
    assertTrue(deferred.holdIfNeeded(Batches.batch(Batches.U, T)));
    assertFalse(deferred.holdIfNeeded(Batches.batch(Batches.U)));
    assertEquals(2, deferred.waiting());
  }

  @Test
  void newRequest_withAKey_waitsForTheTableOfKeys() {
    deferred.holdKeyTable(List.of(Batches.keyed("1", T)), 0);
    assertTrue(deferred.holdIfNeeded(Batches.keyed("2", T)));
    assertFalse(deferred.holdIfNeeded(batch()));
  }

  @Test
  void newRequest_withALockedKey_waits() {
    deferred.holdKeys(List.of(Batches.keyed("1", T)), 0);
    assertTrue(deferred.holdIfNeeded(Batches.keyed("1", T)));
    assertFalse(deferred.holdIfNeeded(Batches.keyed("2", T)));
    assertFalse(deferred.holdIfNeeded(batch()));
  }

  /** Those under way may show that the wait is over. */
  @Test
  void newRequest_doesNotWait_duringTheRetry() {
    deferred.holdKeys(List.of(Batches.keyed("1", T)), 0);
    deferred.takeForRetry(due());
    assertFalse(deferred.holdIfNeeded(Batches.keyed("1", T)));
  }

  @Test
  void key_thatIsTriedAgain_isNotLocked_untilThatIsSeen() {
    Batch first = Batches.keyed("1", T);
    Batch second = Batches.keyed("2", T);
    for (int i = 0; i < 15; i++) {
      deferred.holdKeys(List.of(Batches.keyed("more" + i, T)), 0);
    }
    deferred.holdKeys(List.of(first, second), 0);
    assertEquals(16, deferred.takeForRetry(due()).size());
    deferred.endRetry(List.of(List.of(first)), false, 0);
    assertFalse(deferred.holdIfNeeded(Batches.keyed("more1", T)));
    assertTrue(deferred.holdIfNeeded(Batches.keyed("1", T)), "it was not tried");
    assertTrue(deferred.holdIfNeeded(Batches.keyed("2", T)));
  }

  @Test
  void keys_whoseWaitIsOver_areNotLocked() {
    List<Batch> keyed = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      keyed.add(Batches.keyed("" + i, T));
    }
    deferred.holdKeys(keyed, 0);
    deferred.takeForRetry(due());
    deferred.endRetry(List.of(), true, 0);
    assertEquals(keyed.subList(16, 17), deferred.takeSeparate());
    deferred.holdKeys(List.of(Batches.keyed("other", T)), 0);
    assertFalse(deferred.holdIfNeeded(Batches.keyed("16", T)));
  }

  /** One request shows whether a lock is free; of others, more and more are tried. */
  @Test
  void requestsThatFailedAlone_areRetriedTogether_onceTheyHaveFailedAgain() {
    for (int i = 0; i < 20; i++) {
      deferred.holdForAnotherAttempt(batch(), T, 0);
    }
    for (int count : List.of(1, 2, 4, 8, 8)) {
      List<Batch> taken = deferred.takeForRetry(due());
      assertEquals(count, taken.size());
      taken.forEach(batch -> deferred.holdForAnotherAttempt(batch, T, 0));
      deferred.endRetry(List.of(), false, 0);
    }
  }

  @Test
  void requestsThatFailedAlone_doNotHoldOthers() {
    deferred.holdForAnotherAttempt(batch(), T, 0);
    deferred.holdAlone(batch(), 0);
    assertFalse(deferred.holdIfNeeded(batch()));
    assertTrue(deferred.hasWaits());
  }

  @Test
  void keyTable_isRetriedBySixteen() {
    for (int i = 0; i < 20; i++) {
      deferred.holdKeyTable(List.of(Batches.keyed("" + i, T)), 0);
    }
    assertEquals(16, deferred.takeForRetry(due()).size());
  }

  /** Thousands may have waited for a lock. */
  @Test
  void separateRequests_areTriedInPartsOfFourThousandRows() {
    List<Batch> many = new ArrayList<>();
    for (int i = 0; i < 4400; i++) {
      many.add(i % 2 == 0 ? Batches.batch(T, Batches.U) : Batches.keyed("" + i, T));
    }
    deferred.addSeparate(many);
    assertEquals(many.subList(0, 2000), deferred.takeSeparate());
    assertEquals(many.subList(2000, 4000), deferred.takeSeparate());
    assertEquals(many.subList(4000, 4400), deferred.takeSeparate());
    assertFalse(deferred.hasSeparate());
  }

  /** Each of many small parts would cost a transaction. */
  @Test
  void separateRequestsOfSeveralFlushes_areTriedTogether() {
    Batch first = batch();
    Batch second = batch();
    Batch apart = batch();
    Batch third = batch();
    deferred.addSeparate(List.of(third));
    assertEquals(List.of(third), deferred.takeSeparate());
    deferred.addSeparate(List.of(first));
    deferred.removeIf(batch -> false, (batch, reason) -> {}); // as at the begin of each flush
    deferred.addSeparate(List.of(second));
    deferred.addSeparatePart(List.of(apart));
    deferred.addSeparate(List.of(third));
    assertEquals(List.of(first, second), deferred.takeSeparate());
    assertEquals(List.of(apart), deferred.takeSeparate());
    assertEquals(List.of(third), deferred.takeSeparate());
    deferred.addSeparate(List.of(first));
    assertEquals(List.of(first), deferred.takeSeparate());
    assertNull(deferred.takeSeparate());
  }

  @Test
  void separateParts_stayAsTheyAre_whenSomeExpire() {
    Batch first = batch();
    Batch second = batch();
    Batch third = batch();
    deferred.addSeparatePart(List.of(first));
    deferred.addSeparatePart(List.of(second));
    deferred.addSeparate(List.of(third));
    deferred.removeIf(batch -> batch == second, (batch, reason) -> {});
    assertEquals(List.of(first), deferred.takeSeparate());
    assertEquals(List.of(third), deferred.takeSeparate());
    assertNull(deferred.takeSeparate());
  }

  @Test
  void separateRequestsAfterSomeHaveExpired_areTried() {
    Batch expired = batch();
    Batch left = batch();
    Batch next = batch();
    deferred.addSeparate(List.of(expired, left));
    deferred.removeIf(batch -> batch == expired, (batch, reason) -> {});
    deferred.addSeparate(List.of(next));
    assertEquals(List.of(left), deferred.takeSeparate());
    assertEquals(List.of(next), deferred.takeSeparate());
  }

  @Test
  void largeSeparateRequests_areTriedInSmallerParts() {
    List<Batch> large = List.of(large(), large(), large());
    deferred.addSeparate(large);
    assertEquals(large.subList(0, 2), deferred.takeSeparate());
    assertEquals(large.subList(2, 3), deferred.takeSeparate());
    assertFalse(deferred.hasSeparate());
  }

  private static Batch large() {
    Batch batch = new Batch(1 << 21);
    batch.rows().putShort(1);
    byte[] field = new byte[1_000_000];
    batch.rows().putField(field, 0, field.length);
    batch.endRow(T);
    return batch;
  }

  @Test
  void postponedParts_comeFirst_inTheirOrder() {
    Batch first = batch();
    Batch second = batch();
    Batch third = batch();
    deferred.addSeparate(List.of());
    assertFalse(deferred.hasSeparate());
    deferred.addSeparate(List.of(third));
    deferred.postpone(List.of(List.of(first), List.of(second)));
    assertTrue(deferred.hasSeparate());
    assertEquals(0, deferred.until(0));
    assertEquals(List.of(first), deferred.takeSeparate());
    assertEquals(List.of(second), deferred.takeSeparate());
    assertEquals(List.of(third), deferred.takeSeparate());
    assertNull(deferred.takeSeparate());
    assertEquals(Long.MAX_VALUE, deferred.until(0));
  }

  @Test
  void rowsAndAge_areThoseOfAllRequests() {
    assertEquals(0, deferred.oldest());
    deferred.addSeparate(List.of(Batches.batch(T, T)));
    deferred.holdTable(T, List.of(Batches.acceptedAt(70), Batches.acceptedAt(50)), 100);
    assertEquals(4, deferred.rows());
    assertEquals(2, deferred.waiting());
    Deferred other = new Deferred();
    other.addSeparate(
        List.of(Batches.acceptedAt(-5), Batches.acceptedAt(-7), Batches.acceptedAt(-6)));
    assertEquals(-7, other.oldest());
  }

  @Test
  void explanation_isWhyThoseWait_thatNeedTheTable() {
    deferred.holdTable(T, List.of(batch()), 0);
    deferred.holdKeyTable(List.of(Batches.keyed("1", T)), 0);
    deferred.explain(T, "is slow");
    deferred.explain(null, "is broken");
    deferred.explain(Batches.U, "is nothing that a request waits for");
    List<String> reasons = new ArrayList<>();
    deferred.removeIf(batch -> true, (batch, reason) -> reasons.add(reason));
    assertEquals(List.of("table t is slow", "the table of Idempotency-Keys is broken"), reasons);
  }

  @Test
  void heldTables_areThoseThatAllOfTheirRequestsWaitFor() {
    deferred.holdTable(Batches.U, List.of(batch()), 0);
    deferred.holdTable(T, List.of(batch()), 0);
    deferred.holdKeys(List.of(Batches.keyed("1", T)), 0);
    deferred.holdAlone(batch(), 0);
    assertEquals(Set.of("t", "u"), deferred.heldTables());
  }

  @Test
  void removeIf_removesRequestsOfBothKinds_andWhatNobodyWaitsForThen() {
    Batch expired = batch();
    Batch other = batch();
    Batch keyed = Batches.keyed("1", T);
    deferred.addSeparate(List.of(expired, other));
    deferred.addSeparatePart(List.of(batch()));
    deferred.holdKeys(List.of(keyed), 0);
    List<Batch> removed = new ArrayList<>();
    deferred.removeIf(
        batch -> batch == expired || batch == keyed, (batch, reason) -> removed.add(batch));
    assertEquals(List.of(expired, keyed), removed);
    assertFalse(deferred.hasWaits());
    assertEquals(List.of(other), deferred.takeSeparate());
    assertTrue(deferred.hasSeparate());
    deferred.holdKeys(List.of(Batches.keyed("2", T)), 0);
    assertFalse(deferred.holdIfNeeded(Batches.keyed("1", T)), "its key is not known as locked");
  }

  @Test
  void clear_forgetsAll() {
    deferred.addSeparate(List.of(batch()));
    assertFalse(deferred.isEmpty());
    deferred.holdTable(Batches.U, List.of(Batches.batch(Batches.U)), 0);
    for (int i = 0; i < 17; i++) {
      deferred.holdKeys(List.of(Batches.keyed("" + i, T)), -1);
    }
    assertEquals(16, deferred.takeForRetry(due()).size());
    deferred.clear();
    assertTrue(deferred.isEmpty());
    deferred.endRetry(List.of(List.of(batch())), true, 0);
    assertTrue(deferred.isEmpty());
    deferred.holdKeys(List.of(Batches.keyed("other", T)), 0);
    assertFalse(deferred.holdIfNeeded(Batches.keyed("16", T)));
  }

  @Test
  void requestsThatWait_areNoEmptiness() {
    deferred.holdTable(T, List.of(batch()), 0);
    assertFalse(deferred.isEmpty());
  }
}

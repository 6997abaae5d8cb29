package io.moongate.scsi.shared;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.task.NotExecuted;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

class SharedUnitTest {
  private static final Nexus NEXUS =
      new Nexus("iqn.2026-01.io.host:a", 1, "iqn.2026-01.io.moongate:t", 1);
  private static final Response GOOD = Response.good(0);
  private static final Notice NOTICE =
      Notice.attentionForOthers(UnitAttention.MODE_PARAMETERS_CHANGED, NEXUS);

  /** Everything that was asked for, in order; each waits until the test completes it. */
  private final List<String> events = new ArrayList<>();

  private final List<SharedState> recorded = new ArrayList<>();
  private final List<CompletableFuture<Void>> records = new ArrayList<>();
  private final List<CompletableFuture<Void>> tells = new ArrayList<>();
  private final List<CompletableFuture<Void>> heres = new ArrayList<>();
  private final SharedUnit unit =
      new SharedUnit(
          "u",
          new UnitPeers() {
            @Override
            public CompletionStage<Void> record(
                String unitId, long epoch, SharedState next, String cause) {
              events.add("record %s %d in %d".formatted(cause, next.version(), epoch));
              recorded.add(next);
              return kept(records);
            }

            @Override
            public CompletionStage<Void> tell(
                String unitId, SharedState state, List<Notice> notices) {
              events.add("tell %d, %d".formatted(state.version(), notices.size()));
              return kept(tells);
            }
          },
          notice -> {
            events.add("here " + notice.kind());
            return kept(heres);
          });

  private static CompletableFuture<Void> kept(List<CompletableFuture<Void>> all) {
    CompletableFuture<Void> one = new CompletableFuture<>();
    all.add(one);
    return one;
  }

  private static Function<SharedState, Change> modes(boolean writeProtect, Notice... notices) {
    return present ->
        new Change(present.with(new ModeValues(false, writeProtect)), List.of(notices), GOOD);
  }

  private CompletableFuture<Response> change(String cause, Function<SharedState, Change> decide) {
    return change(() -> 7, cause, decide);
  }

  private CompletableFuture<Response> change(
      LongSupplier epoch, String cause, Function<SharedState, Change> decide) {
    return unit.change(epoch, cause, decide).toCompletableFuture();
  }

  private List<String> events() {
    List<String> copy = List.copyOf(events);
    events.clear();
    return copy;
  }

  private static Throwable failure(CompletableFuture<?> stage) {
    return assertThrows(CompletionException.class, stage::join).getCause();
  }

  @Test
  void recordedThenToldThenAnswered() {
    CompletableFuture<Response> answer = change("one", modes(true, NOTICE));
    assertEquals(List.of("record one 1 in 7"), events());
    assertEquals(0, unit.state().version(), "not taken on before it is recorded");
    records.get(0).complete(null);
    assertEquals(1, unit.state().version());
    assertTrue(unit.state().modes().writeProtect());
    assertEquals(List.of("here ATTENTION_FOR_OTHERS", "tell 1, 1"), events());
    tells.get(0).complete(null);
    assertFalse(answer.isDone());
    heres.get(0).complete(null);
    assertEquals(GOOD, answer.join());
  }

  @Test
  void oneAfterTheOther() {
    CompletableFuture<Response> first = change("one", modes(true));
    List<SharedState> seen = new ArrayList<>();
    CompletableFuture<Response> second =
        change(
            "two",
            present -> {
              seen.add(present);
              return modes(false).apply(present);
            });
    assertEquals(List.of("record one 1 in 7"), events());
    assertEquals(List.of(), seen);
    records.get(0).complete(null);
    assertEquals(1, seen.get(0).version(), "decided from what the first has led to");
    assertEquals(List.of("tell 1, 0", "record two 2 in 7"), events());
    records.get(1).complete(null);
    tells.forEach(told -> told.complete(null));
    assertTrue(first.isDone() && second.isDone());
    assertEquals(2, unit.state().version());
  }

  @Test
  void whatChangesNothingIsAnsweredAtOnceAndRecordsNothing() {
    assertEquals(GOOD, change("none", present -> Change.none(present, GOOD)).join());
    assertEquals(List.of(), events());
    CompletableFuture<Response> told =
        change("notice", present -> new Change(present, List.of(NOTICE), GOOD));
    assertEquals(List.of("here ATTENTION_FOR_OTHERS", "tell 0, 1"), events());
    heres.get(0).complete(null);
    tells.get(0).complete(null);
    assertEquals(GOOD, told.join());
  }

  @Test
  void whatIsRefusedByTheDeciderLeavesTheNextItsTurn() {
    CompletableFuture<Response> refused =
        change(
            "refused",
            present -> {
              throw new CheckCondition(Sense.INVALID_OPERATION_CODE);
            });
    assertInstanceOf(CheckCondition.class, failure(refused));
    change("next", modes(true));
    assertEquals(List.of("record next 1 in 7"), events());
  }

  @Test
  void whoHasLostTheOwnershipByItsTurnIsRefused() {
    boolean[] owns = {true};
    LongSupplier epoch =
        () -> {
          if (!owns[0]) {
            throw NotExecuted.INSTANCE;
          }
          return 7;
        };
    change("one", modes(true));
    CompletableFuture<Response> two = change(epoch, "two", modes(false));
    owns[0] = false;
    assertFalse(two.isDone());
    records.get(0).complete(null);
    assertEquals(NotExecuted.INSTANCE, failure(two));
    assertEquals(1, recorded.size());
  }

  @Test
  void whatWasAbortedDoesNotWaitForItsTurn() {
    boolean[] aborted = {false};
    change("one", modes(true));
    CompletableFuture<Response> two =
        change(
            () -> {
              if (aborted[0]) {
                throw NotExecuted.INSTANCE;
              }
              return 7;
            },
            "two",
            modes(false));
    unit.dropAborted();
    assertFalse(two.isDone());
    aborted[0] = true;
    unit.dropAborted();
    assertEquals(NotExecuted.INSTANCE, failure(two));
  }

  @Test
  void aConflictIsBusyAndTheNextIsDecidedFromWhatIsRecorded() {
    CompletableFuture<Response> stale = change("stale", modes(true));
    SharedState others = SharedState.INITIAL.with(new ModeValues(true, false)).as(4, "others");
    unit.learn(others);
    records.get(0).completeExceptionally(NotExecuted.INSTANCE);
    assertEquals(NotExecuted.INSTANCE, failure(stale));
    assertEquals(others, unit.state());
    change("next", modes(true));
    assertEquals(List.of("record stale 1 in 7", "record next 5 in 7"), events());
  }

  @Test
  void anyFailureToRecordIsBusy() {
    CompletableFuture<Response> failed = change("one", modes(true));
    records.get(0).completeExceptionally(new IllegalStateException("unreachable"));
    assertEquals(NotExecuted.INSTANCE, failure(failed));
    assertEquals(SharedState.INITIAL, unit.state());
  }

  @Test
  void aLostAnswerIsMadeGoodByTheView() {
    CompletableFuture<Response> answer = change("one", modes(true, NOTICE));
    unit.learn(recorded.get(0));
    assertEquals(List.of("record one 1 in 7"), events());
    records.get(0).completeExceptionally(NotExecuted.INSTANCE);
    assertEquals(List.of("here ATTENTION_FOR_OTHERS", "tell 1, 1"), events());
    heres.get(0).complete(null);
    tells.get(0).complete(null);
    assertEquals(GOOD, answer.join());
  }

  @Test
  void whatLandsAfterItWasGivenUpHasItsNoticesDone() {
    CompletableFuture<Response> first = change("one", modes(true, NOTICE));
    records.get(0).completeExceptionally(NotExecuted.INSTANCE);
    assertEquals(NotExecuted.INSTANCE, failure(first));
    CompletableFuture<Response> second = change("two", modes(false).andThen(this::saved));
    events();
    // The entity had recorded the first: the second is refused, and the view brings the first.
    unit.learn(recorded.get(0));
    assertEquals(List.of("here ATTENTION_FOR_OTHERS", "tell 1, 1"), events());
    records.get(1).completeExceptionally(NotExecuted.INSTANCE);
    assertEquals(NotExecuted.INSTANCE, failure(second));
    unit.learn(SharedState.INITIAL.as(2, "of another gateway"));
    assertEquals(List.of(), events(), "once, and not for what never came to pass");
  }

  private Change saved(Change change) {
    return new Change(
        change.next().withSaved(new ModeValues(true, true)), List.of(NOTICE), change.response());
  }

  @Test
  void whatIsRecordedIsAnsweredWhoeverFailsToDoHisPart() {
    CompletableFuture<Response> answer = change("one", modes(true, NOTICE));
    records.get(0).complete(null);
    heres.get(0).completeExceptionally(new IllegalStateException("here"));
    tells.get(0).completeExceptionally(new IllegalStateException("there"));
    assertEquals(GOOD, answer.join());
  }

  @Test
  void beingToldSlowlyKeepsNobodyFromHisTurn() {
    CompletableFuture<Response> slow = change("one", modes(true, NOTICE));
    records.get(0).complete(null);
    CompletableFuture<Response> second = change("two", modes(false));
    records.get(1).complete(null);
    tells.get(1).complete(null);
    assertTrue(second.isDone());
    assertFalse(slow.isDone());
  }

  @Test
  void olderOnesAreIgnored() {
    assertTrue(unit.learn(SharedState.INITIAL.as(3, "c")));
    assertFalse(unit.learn(SharedState.INITIAL.as(2, "b")));
    assertFalse(unit.learn(SharedState.INITIAL.as(3, "other")));
    assertEquals("c", unit.state().change());
  }

  @Test
  void manyThatEndAtOnceTakeNoStack() {
    change("one", modes(true));
    List<CompletableFuture<Response>> all = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      all.add(change("none", present -> Change.none(present, GOOD)));
    }
    records.get(0).complete(null);
    assertTrue(all.stream().allMatch(CompletableFuture::isDone));
  }
}

package io.moongate.scsi.shared;

import io.moongate.scsi.Response;
import io.moongate.scsi.task.Execution;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The shared state of one unit on one gateway, and the changes that this gateway makes as the
 * owner: one after the other, each recorded, then told, then answered. Thread-safe.
 */
public final class SharedUnit {
  private final String unit;
  private final UnitPeers peers;
  private final Function<Notice, CompletionStage<Void>> here;
  private volatile SharedState state = SharedState.INITIAL;
  private CompletionStage<?> last = CompletableFuture.completedStage(null);

  /**
   * @param unit id of the unit
   * @param peers the other gateways
   * @param here does what a notice says for the nexuses of this gateway
   */
  public SharedUnit(String unit, UnitPeers peers, Function<Notice, CompletionStage<Void>> here) {
    this.unit = unit;
    this.peers = peers;
    this.here = here;
  }

  /** The newest that is known here. */
  public SharedState state() {
    return state;
  }

  /**
   * Takes a newer state.
   *
   * @return whether it was newer
   */
  public synchronized boolean learn(SharedState newer) {
    if (newer.version() <= state.version()) {
      return false;
    }
    state = newer;
    return true;
  }

  /** As {@link io.moongate.scsi.command.DeviceServer#change}. */
  public synchronized CompletionStage<Response> change(
      Execution execution, String cause, Function<SharedState, Change> decide) {
    CompletableFuture<Response> outcome =
        last.handle((done, failure) -> null)
            .thenCompose(turn -> decide(execution, cause, decide))
            .toCompletableFuture();
    last = outcome;
    return outcome;
  }

  private CompletionStage<Response> decide(
      Execution execution, String cause, Function<SharedState, Change> decide) {
    SharedState present = state;
    long epoch = execution.epoch();
    Change change = decide.apply(present);
    if (change.next().sameContent(present)) {
      return change.notices().isEmpty()
          ? CompletableFuture.completedStage(change.response())
          : tell(change, present);
    }
    SharedState next = change.next().as(present.version() + 1, UUID.randomUUID().toString());
    return peers
        .record(unit, epoch, next, cause)
        .thenCompose(
            recorded -> {
              learn(next);
              return tell(change, next);
            });
  }

  private CompletionStage<Response> tell(Change change, SharedState newest) {
    CompletableFuture<?>[] all =
        change.notices().stream()
            .map(notice -> here.apply(notice).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    return peers
        .tell(unit, newest, change.notices())
        .thenCombine(CompletableFuture.allOf(all), (told, done) -> change.response());
  }
}

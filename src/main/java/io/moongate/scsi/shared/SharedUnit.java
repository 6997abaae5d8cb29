package io.moongate.scsi.shared;

import io.moongate.scsi.Response;
import io.moongate.scsi.task.Execution;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

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
    CompletableFuture<Supplier<CompletionStage<Response>>> recorded =
        last.handle((done, failure) -> null)
            .thenCompose(turn -> decide(execution, cause, decide))
            .toCompletableFuture();
    // The next one is decided once this one is recorded, and not only when all are told: a task
    // that is to be aborted may be one that waits here, and nobody is told before it has ended.
    last = recorded;
    return recorded.thenCompose(Supplier::get);
  }

  /** What is left to do once the change is recorded. */
  private CompletionStage<Supplier<CompletionStage<Response>>> decide(
      Execution execution, String cause, Function<SharedState, Change> decide) {
    SharedState present = state;
    long epoch = execution.epoch();
    Change change = decide.apply(present);
    if (change.next().sameContent(present)) {
      return CompletableFuture.completedStage(
          change.notices().isEmpty()
              ? () -> CompletableFuture.completedStage(change.response())
              : () -> tell(change, present));
    }
    SharedState next = change.next().as(present.version() + 1, UUID.randomUUID().toString());
    return peers
        .record(unit, epoch, next, cause)
        .thenApply(
            recorded -> {
              learn(next);
              return () -> tell(change, next);
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

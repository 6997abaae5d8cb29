package io.moongate.volume.rbd;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Does something to a range one piece after the other: librbd would begin all of it at once. */
final class RangeInPieces {
  private final long end;
  private final long atATime;
  private final Piece piece;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private long offset;

  /** What is done to a piece. */
  @FunctionalInterface
  interface Piece {
    CompletionStage<Long> perform(long offset, long length);
  }

  /**
   * A range in bytes.
   *
   * @param atATime bytes of a piece; pieces end at multiples of it
   */
  RangeInPieces(long offset, long length, long atATime, Piece piece) {
    this.offset = offset;
    this.end = offset + length;
    this.atATime = atATime;
    this.piece = piece;
  }

  /** Begins; to be called once. */
  CompletionStage<Void> perform() {
    goOn();
    return done;
  }

  /** In a loop, and not one in the other: a piece may have ended before it is waited for. */
  private void goOn() {
    try {
      while (offset < end) {
        long length = Math.min(end - offset, atATime - offset % atATime);
        CompletableFuture<Long> next = piece.perform(offset, length).toCompletableFuture();
        offset += length;
        if (!next.isDone()) {
          next.whenComplete(this::proceed);
          return;
        }
        next.join();
      }
      done.complete(null);
    } catch (RuntimeException | Error e) {
      done.completeExceptionally(e);
    }
  }

  private void proceed(Long result, Throwable failure) {
    if (failure == null) {
      goOn();
    } else {
      done.completeExceptionally(failure);
    }
  }
}

package io.moongate.scsi.task;

import io.moongate.volume.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * This gateway's service of a unit with one volume under one epoch, and what is running on it. The
 * monitor of the task set guards it.
 */
final class LocalService {
  final Volume volume;
  final long epoch;
  private int running;
  private final List<CompletableFuture<Void>> idle = new ArrayList<>();

  LocalService(Volume volume, long epoch) {
    this.volume = volume;
    this.epoch = epoch;
  }

  void enter() {
    running++;
  }

  /** What to complete, outside the monitor, because nothing runs any more. */
  List<CompletableFuture<Void>> leave() {
    if (--running > 0 || idle.isEmpty()) {
      return List.of();
    }
    List<CompletableFuture<Void>> reached = List.copyOf(idle);
    idle.clear();
    return reached;
  }

  boolean isIdle() {
    return running == 0;
  }

  /** Completes when nothing runs. */
  CompletableFuture<Void> whenIdle() {
    CompletableFuture<Void> future = new CompletableFuture<>();
    if (running == 0) {
      future.complete(null);
    } else {
      idle.add(future);
    }
    return future;
  }
}

package io.moongate.session;

import java.util.concurrent.atomic.AtomicInteger;

/** Runs something once when as many ends as expected have come, on whatever threads. */
final class CountDown {
  private final AtomicInteger left;
  private final Runnable whenEnded;

  CountDown(int expected, Runnable whenEnded) {
    this.left = new AtomicInteger(expected);
    this.whenEnded = whenEnded;
  }

  void one() {
    if (left.decrementAndGet() == 0) {
      whenEnded.run();
    }
  }
}

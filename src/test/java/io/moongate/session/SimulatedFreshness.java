package io.moongate.session;

import java.time.Duration;

/** How old what an initiator sends can be, as a connection asks it, for the simulation. */
public final class SimulatedFreshness {
  private final Freshness freshness;
  private int nextStatSn = 1;
  private int tags;

  /** Of a connection on which a login has been answered now. */
  public SimulatedFreshness(Duration most, long nowNanos) {
    freshness = new Freshness(most, nowNanos);
  }

  /** A response is sent; its StatSN. */
  public int sends(long nowNanos) {
    freshness.sample(nextStatSn, nowNanos);
    return nextStatSn++;
  }

  /** Something has come that acknowledges all before a StatSN. */
  public void acknowledged(int expStatSn) {
    freshness.acknowledged(expStatSn, nextStatSn);
  }

  /** See {@link Freshness#isStale}. */
  public boolean isStale(long arrivedNanos) {
    return freshness.isStale(arrivedNanos);
  }

  /** See {@link Freshness#isAsking}. */
  public boolean isAsking() {
    return freshness.isAsking();
  }

  /** A NOP-In is sent; its target transfer tag. */
  public int asks(long nowNanos) {
    freshness.asks(++tags, nowNanos);
    return tags;
  }

  /** See {@link Freshness#answered}. */
  public boolean answered(int transferTag) {
    return freshness.answered(transferTag);
  }
}

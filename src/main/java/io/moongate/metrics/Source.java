package io.moongate.metrics;

/** Something that metrics are read from. */
@FunctionalInterface
public interface Source {
  /** Says what it has now, without waiting for anything. Called at each scrape, by any thread. */
  void read(Samples out);
}

package io.moongate.scsi;

/**
 * The gateway's right to serve. A gateway executes a command to a medium only while it holds its
 * lease (design rules 3 and 6); the data path asks immediately before the store is touched.
 */
@FunctionalInterface
public interface Lease {
  /** Whether the lease covers this instant of {@link System#nanoTime}. Cheap: a volatile read. */
  boolean coversNanos(long nanoTime);
}

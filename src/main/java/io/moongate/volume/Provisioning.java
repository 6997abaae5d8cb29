package io.moongate.volume;

/** How a volume comes to the space for its blocks (SBC-3 section 4.7.2). */
public enum Provisioning {
  /** A block takes space once it is written, and gives it back when it is deallocated. */
  THIN,
  /** Every block has its space from the beginning, and keeps it. */
  FULL
}

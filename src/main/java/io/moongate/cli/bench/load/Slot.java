package io.moongate.cli.bench.load;

/** Room for one operation of a lane: under way from its command to its status. */
final class Slot {
  final int index;
  long start;
  long offset;
  boolean read;
  int received;

  /** When it may be sent again, where it has to be. */
  long again;

  Slot(int index) {
    this.index = index;
  }
}

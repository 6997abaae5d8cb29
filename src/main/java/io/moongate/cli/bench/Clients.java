package io.moongate.cli.bench;

import java.util.Locale;
import java.util.Optional;

/**
 * Who makes the load: the same for everyone in a cell.
 *
 * @param tools those of other people
 * @param load the load generator, where it is needed
 */
record Clients(Choice choice, Client tools, Optional<LoadClient> load) {

  /** Which client is to be used. */
  enum Choice {
    /** qemu-img bench where it can do what a cell asks, else the load generator. */
    AUTO,
    QEMU,
    OWN;

    /** Whether a cell is the load generator's. */
    boolean own(Cell cell) {
      return switch (this) {
        case AUTO -> !cell.plain();
        case QEMU -> false;
        case OWN -> true;
      };
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  boolean own(Cell cell) {
    return choice.own(cell);
  }

  /** What a cell's client is called. */
  static String name(Choice choice, Cell cell) {
    return choice.own(cell) ? "moongate bench load" : "qemu-img bench";
  }
}

package io.moongate.cli.bench;

import java.util.OptionalLong;

/** Someone who has a disk of {@link io.moongate.cli.demo.DemoCluster#LUN_SIZE}, all written. */
interface Contestant {

  /** A word, unique in a race. */
  String name();

  /** The process that serves, where there is one. */
  OptionalLong pid();

  /** Writes the whole disk, so that no later read finds a block without content. */
  void fill();

  /**
   * Has so many operations done.
   *
   * @return operations a second
   */
  double run(Cell cell, long operations);
}

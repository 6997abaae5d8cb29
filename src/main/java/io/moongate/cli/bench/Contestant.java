package io.moongate.cli.bench;

import java.util.List;

/** Someone who has a disk of {@link io.moongate.cli.demo.DemoCluster#LUN_SIZE}, all written. */
interface Contestant {

  /** A word, unique in a race. */
  String name();

  /** The processes that serve what a cell asks; none where there are none. */
  List<Long> pids(Cell cell);

  /** Writes the whole disk, so that no later read finds a block without content. */
  void fill();

  /**
   * Has so many operations done.
   *
   * @return operations a second
   */
  double run(Cell cell, long operations);
}

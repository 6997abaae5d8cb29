package io.moongate.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is asked of everyone alike.
 *
 * @param size bytes of one operation
 * @param depth how many are under way at a time
 */
record Cell(Operation operation, int size, int depth) {

  enum Operation {
    READ,
    WRITE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static List<Cell> grid(List<Operation> operations, List<Integer> sizes, List<Integer> depths) {
    List<Cell> cells = new ArrayList<>();
    for (int size : sizes) {
      for (int depth : depths) {
        operations.forEach(operation -> cells.add(new Cell(operation, size, depth)));
      }
    }
    return cells;
  }

  /** The size as people say it. */
  String sizeInWords() {
    return size % 1024 == 0 ? size / 1024 + " KiB" : size + " B";
  }

  @Override
  public String toString() {
    return "%s of %s, %d at a time".formatted(operation, sizeInWords(), depth);
  }
}

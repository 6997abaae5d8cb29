package io.moongate.volume.rbd;

import io.moongate.volume.Volume.Extent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The allocation of a range, from what Ceph says has been written in it. */
final class Allocation {
  private Allocation() {}

  /**
   * Extents that cover a range, in order, no two neighbours of one kind.
   *
   * @param blockSize bytes; a block is mapped when any byte of it is
   * @param written what is written, in any order, perhaps beyond the range
   */
  static List<Extent> covering(long offset, long length, int blockSize, List<Extent> written) {
    List<Extent> extents = new ArrayList<>();
    long end = offset + length;
    long at = offset;
    List<Extent> ordered = new ArrayList<>(written);
    ordered.sort(Comparator.comparingLong(Extent::offset));
    for (Extent each : ordered) {
      long from = Math.max(at, each.offset() / blockSize * blockSize);
      long to = Math.min(end, roundUp(each.offset() + each.length(), blockSize));
      if (from < to) {
        add(extents, at, from, false);
        add(extents, from, to, true);
        at = to;
      }
    }
    add(extents, at, end, false);
    return extents;
  }

  private static long roundUp(long value, int unit) {
    return (value + unit - 1) / unit * unit;
  }

  private static void add(List<Extent> extents, long from, long to, boolean mapped) {
    if (from == to) {
      return;
    }
    int last = extents.size() - 1;
    if (last >= 0 && extents.get(last).mapped() == mapped) {
      Extent before = extents.remove(last);
      extents.add(new Extent(before.offset(), to - before.offset(), mapped));
    } else {
      extents.add(new Extent(from, to - from, mapped));
    }
  }
}

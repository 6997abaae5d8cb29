package io.moongate.cli.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** When operations begin, and where. */
class SupplyTest {
  private static final int MIB = 1 << 20;

  @Test
  void whatIsLateKeepsTheTimeAtWhichItWasToBegin() {
    Supply first = new Supply.Paced(1000, 100, 0, 2, 5);
    Supply second = new Supply.Paced(1000, 100, 1, 2, 5);
    assertTrue(first.due(1000));
    assertFalse(second.due(1099));
    // Nothing was answered for a long time: those after it are as late as it was.
    long late = 9000;
    List<Long> starts = new ArrayList<>();
    for (Supply supply : List.of(first, second)) {
      while (supply.due(late)) {
        starts.add(supply.take(late));
      }
      assertTrue(supply.over(late));
    }
    assertEquals(List.of(1000L, 1200L, 1400L, 1100L, 1300L), starts);
  }

  @Test
  void withoutARateTheNextOneBeginsNow() {
    Supply supply = new Supply.Closed(1000, 2, 0);
    assertEquals(7000, supply.take(7000));
    assertFalse(supply.over(7000));
    assertEquals(8000, supply.take(8000));
    assertTrue(supply.over(8000));
    Supply timed = new Supply.Closed(1000, 0, 500);
    assertTrue(timed.due(1499));
    assertFalse(timed.due(1500));
  }

  private static Job.Shape shape(Operation operation, AccessPattern pattern, int sessions) {
    return new Job.Shape(operation, pattern, MIB, 1, sessions, false, 0);
  }

  @Test
  void lanesShareTheDiskAndGoRound() {
    Job.Shape shape = shape(Operation.READ, AccessPattern.SEQUENTIAL, 4);
    Places last = new Places(shape, 8L * MIB + 512, 3);
    List<Long> offsets = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      offsets.add(last.next());
    }
    assertEquals(List.of(6L * MIB, 7L * MIB, 0L, (long) MIB), offsets);
  }

  @Test
  void randomPlacesAreWholeAndEverywhere() {
    Places places = new Places(shape(Operation.MIXED, AccessPattern.RANDOM, 1), 8L * MIB + 512, 0);
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      long offset = places.next();
      assertEquals(0, offset % MIB);
      assertTrue(offset >= 0 && offset <= 7L * MIB, () -> "offset " + offset);
      seen.add(offset);
    }
    assertEquals(8, seen.size());
  }

  @Test
  void aDiskThatIsTooSmallIsRefused() {
    Job.Shape shape = shape(Operation.READ, AccessPattern.RANDOM, 1);
    assertThrows(IllegalArgumentException.class, () -> new Places(shape, MIB - 1, 0));
  }

  @Test
  void jobsThatCantBeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Job.Extent(0, 0, 10));
    assertThrows(IllegalArgumentException.class, () -> new Job.Extent(0, 1, 0.5));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Job.Shape(Operation.READ, AccessPattern.RANDOM, 1000, 1, 1, false, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Job.Place(Job.Protocol.ISCSI, "127.0.0.1", 3260, null, 0));
  }

  @Test
  void latenciesOutliveTheWayToAnotherProcess() {
    LatencyRecord record = new LatencyRecord();
    for (int i = 1; i <= 1000; i++) {
      record.add(i * 1_000_000L);
    }
    LatencyRecord back = LatencyRecord.decode(record.encoded());
    back.add(record);
    assertEquals(2000, back.count());
    assertEquals(500_000, back.micros(50), 1000);
    assertEquals(990_000, back.micros(99), 1000);
    assertEquals(1_000_000, back.mostMicros(), 1000);
    assertThrows(IllegalArgumentException.class, () -> LatencyRecord.decode("AAAA"));
  }
}

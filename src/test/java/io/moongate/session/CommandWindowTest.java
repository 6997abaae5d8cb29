package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** RFC 7143 section 4.2.2.1. */
class CommandWindowTest {
  private final List<Integer> delivered = new ArrayList<>();

  @Test
  void deliversEveryRequestOnceInOrderAcrossTheWrap() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int first = -40;
    CommandWindow<Integer> window = new CommandWindow<>(first, 16);
    int total = 100;
    int sent = 0;
    List<Integer> underWay = new ArrayList<>();
    while (delivered.size() < total) {
      while (sent < total && first + sent - window.maxCmdSn() <= 0) {
        underWay.add(first + sent++);
      }
      Collections.shuffle(underWay, random);
      int sn = underWay.remove(0);
      int before = delivered.size();
      window.accept(sn, sn, delivered::add);
      window.accept(sn, sn, delivered::add);
      IntStream.range(before, delivered.size()).forEach(i -> window.ended());
      window.open();
    }
    assertEquals(
        IntStream.range(0, total).mapToObj(i -> first + i).toList(), delivered, "seed " + seed);
    assertEquals(first + total, window.expCmdSn());
  }

  @Test
  void shutsAndOpens() {
    CommandWindow<Integer> window = new CommandWindow<>(1, 2);
    window.accept(1, 1, delivered::add);
    window.accept(2, 2, delivered::add);
    assertTrue(window.closed());
    window.accept(3, 3, delivered::add);
    assertEquals(List.of(1, 2), delivered);
    window.ended();
    assertTrue(window.closed(), "until it may open");
    window.open();
    assertFalse(window.closed());
    assertEquals(3, window.maxCmdSn());
  }

  @Test
  void skipsWhatIsNotComing() {
    CommandWindow<Integer> window = new CommandWindow<>(1, 4);
    window.accept(2, 2, delivered::add);
    window.accept(3, 3, delivered::add);
    window.skip(3, delivered::add);
    window.skip(1, delivered::add);
    assertEquals(List.of(2), delivered);
    assertEquals(4, window.expCmdSn());
    window.open();
    assertEquals(6, window.maxCmdSn());
  }
}

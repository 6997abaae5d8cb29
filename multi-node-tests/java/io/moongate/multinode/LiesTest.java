package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.RegisterChecker;
import io.moongate.multinode.workload.Workload;
import io.moongate.multinode.workload.Workload.Errors;
import io.moongate.session.LyingTarget;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * That a violation would be noticed: the whole way from the hosts of a workload over their
 * histories to the judge, on a target that lies.
 */
class LiesTest {
  private static final int CLIENTS = 4;

  private static final int BLOCKS = Workload.BLOCKS;

  private static final int LIES = 40;
  private static final Duration BOUND = Duration.ofSeconds(60);

  /** What a target does now and then. */
  enum Lie {
    /** It forgets a write that it has acknowledged, or lets an old one land. */
    LOST {
      @Override
      boolean tell(LyingTarget target, byte[] old, int block, Random random) {
        return target.restore(old, block);
      }
    },
    /** For a moment it answers reads with what was there before. */
    STALE_READ {
      @Override
      boolean tell(LyingTarget target, byte[] old, int block, Random random) {
        byte[] present = target.remember();
        boolean told = target.restore(old, block);
        sleep(20);
        target.restore(present, block);
        return told;
      }
    },
    TORN {
      @Override
      boolean tell(LyingTarget target, byte[] old, int block, Random random) {
        return target.tear(old, block, random);
      }
    },
    MISPLACED {
      @Override
      boolean tell(LyingTarget target, byte[] old, int block, Random random) {
        return target.misplace(block, random.nextInt(BLOCKS));
      }
    };

    /** Tells it once; false when it came out true. */
    abstract boolean tell(LyingTarget target, byte[] old, int block, Random random);
  }

  @Test
  void anHonestTargetIsFoundHonest() throws Exception {
    History history = new History();
    try (LyingTarget target = LyingTarget.start();
        Workload workload = workload(target, history)) {
      workload.awaitProgress(2000);
      workload.stop();
    }
    assertEquals(List.of(), RegisterChecker.violations(history));
  }

  @ParameterizedTest
  @EnumSource(Lie.class)
  void aLieIsFound(Lie lie) throws Exception {
    History history = new History();
    long seed = Workload.seed();
    Random random = new Random(seed);
    try (LyingTarget target = LyingTarget.start();
        Workload workload = workload(target, history)) {
      workload.awaitProgress(400);
      long end = System.nanoTime() + BOUND.toNanos();
      for (int told = 0; told < LIES && System.nanoTime() - end < 0; ) {
        byte[] old = target.remember();
        workload.awaitProgress(30);
        int block = random.nextInt(BLOCKS);
        told += lie.tell(target, old, block, random) ? 1 : 0;
      }
      workload.awaitProgress(400);
      workload.stop();
    }
    List<String> violations = RegisterChecker.violations(history);
    System.out.printf(
        "%s: %d violations, such as %s%n",
        lie, violations.size(), violations.stream().findFirst().orElse("none"));
    assertFalse(violations.isEmpty(), lie + " was not noticed, seed " + seed);
  }

  private static Workload workload(LyingTarget target, History history) {
    return Workload.start(
        target.portals(), target.lun(), CLIENTS, Workload.seed(), history, BLOCKS, Errors.FAIL);
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}

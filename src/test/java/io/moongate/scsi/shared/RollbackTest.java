package io.moongate.scsi.shared;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Hosts are told of another content exactly when there is one. */
class RollbackTest {
  private static final Rollback FIRST = Rollback.begun("daily", "r1");
  private static final Rollback SECOND = Rollback.begun("daily", "r2");

  @Test
  void theContentIsReplacedByItsEnd() {
    assertFalse(Rollback.hasReplaced(null, null));
    assertFalse(Rollback.hasReplaced(null, FIRST));
    assertTrue(Rollback.hasReplaced(FIRST, FIRST.ended("")));
    assertFalse(Rollback.hasReplaced(FIRST.ended(""), FIRST.ended("")));
    assertFalse(Rollback.hasReplaced(FIRST.ended(""), SECOND));
  }

  /** A gateway may hear of nothing but the end. */
  @Test
  void itsBeginningNeedNotBeKnown() {
    assertTrue(Rollback.hasReplaced(null, FIRST.ended("")));
    assertTrue(Rollback.hasReplaced(FIRST.ended(""), SECOND.ended("")));
  }

  @Test
  void whatHasFailedHasReplacedNothing() {
    assertFalse(Rollback.hasReplaced(FIRST, FIRST.ended("it is flattened")));
    assertFalse(Rollback.hasReplaced(FIRST.ended(""), SECOND.ended("it is flattened")));
  }
}

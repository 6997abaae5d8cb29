package io.moongate.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.UnitEntry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The condition of a change goes with the first command that changes its entity, and no other. */
class ConditionTest {
  private final Condition condition =
      Condition.of(new Expected(LogicalUnit.persistenceId("u1").id(), List.of(5L)));

  private LogicalUnit.Command asked(String unitId, boolean accepted) {
    LogicalUnit.Command[] sent = new LogicalUnit.Command[1];
    var answer =
        condition.<LogicalUnit.Command, UnitEntry>ask(
            LogicalUnit.persistenceId(unitId).id(),
            replyTo -> new LogicalUnit.BeginDeletion("by test", replyTo),
            Condition.UNIT,
            command -> {
              sent[0] = command.apply(null);
              return accepted
                  ? CompletableFuture.completedStage(null)
                  : CompletableFuture.failedStage(new IllegalStateException("refused"));
            });
    assertEquals(!accepted, answer.toCompletableFuture().isCompletedExceptionally());
    return sent[0];
  }

  @Test
  void itIsOpenUntilItsEntityHasAccepted() {
    String u1 = LogicalUnit.persistenceId("u1").id();
    assertTrue(condition.isOpenFor(u1));
    assertFalse(condition.isOpenFor(LogicalUnit.persistenceId("u2").id()));
    assertFalse(Condition.NONE.isOpenFor(u1));
    assertInstanceOf(LogicalUnit.BeginDeletion.class, asked("u2", true));
    assertInstanceOf(LogicalUnit.IfVersion.class, asked("u1", false));
    assertTrue(condition.isOpenFor(u1), "refused");
    LogicalUnit.IfVersion first = assertInstanceOf(LogicalUnit.IfVersion.class, asked("u1", true));
    assertEquals(List.of(5L), first.versions());
    assertFalse(condition.isOpenFor(u1));
    assertInstanceOf(LogicalUnit.BeginDeletion.class, asked("u1", true));
  }
}

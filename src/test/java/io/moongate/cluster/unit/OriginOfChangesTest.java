package io.moongate.cluster.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Origin;
import io.moongate.cluster.entity.SharedJournal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who asked is not forgotten while the ownership row is asked. */
class OriginOfChangesTest {
  private static final Origin OPERATOR = new Origin("ada", "192.0.2.7", "gw2");

  private final UnitFixture fixture = new UnitFixture();

  @AfterEach
  void stop() {
    fixture.close();
  }

  private void asked(Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    fixture.accepted(command.andThen(bare -> new LogicalUnit.Asked(bare, OPERATOR)));
  }

  @Test
  void whatWaitsForTheRowIsByWhomeverAskedForIt() {
    fixture.fresh();
    asked(fixture::create);
    fixture.takeOver("gw1", 0);
    asked(replyTo -> new LogicalUnit.SetReadOnly(true, "change", "asked", replyTo));
    Origin self = Origin.gateway(fixture.terms.holder());
    List<String> by = new ArrayList<>();
    for (SharedJournal.Stored row : SharedJournal.stored(fixture.persistenceId())) {
      if (!row.manifest().isEmpty()) {
        LogicalUnit.Kept kept =
            assertInstanceOf(LogicalUnit.Kept.class, row.event(fixture.kit.system()));
        by.add(kept.event().getClass().getSimpleName() + " " + kept.by());
      }
    }
    assertEquals(
        List.of("Created " + OPERATOR, "OwnerChosen " + self, "ReadOnlySet " + OPERATOR), by);
  }
}

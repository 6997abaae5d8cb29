package io.moongate.cluster.entity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Origin;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.target.Target;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What an entity writes says who asked, and is a chain of digests over the very bytes. */
class EventOriginTest {
  private static final Origin OPERATOR = new Origin("ada", "192.0.2.7", "gw2");

  private static ActorTestKit kit;
  private static TestProbe<ViewPublisher.Command> published;

  private final FakeTerms terms = new FakeTerms();
  private final String name = "iqn." + UUID.randomUUID();
  private final String id = Target.persistenceId(name).id();

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(EntityKit.config());
    published = kit.createTestProbe();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private ActorRef<Target.Command> incarnation() {
    return kit.spawn(Target.create(name, terms, published.ref(), Clock.systemUTC()));
  }

  private static void accepted(
      ActorRef<Target.Command> target, Function<ActorRef<Answer>, Target.Command> command) {
    TestProbe<Answer> probe = kit.createTestProbe();
    target.tell(command.apply(probe.ref()));
    assertInstanceOf(Answer.Accepted.class, probe.receiveMessage(Duration.ofSeconds(10)));
  }

  private static Function<ActorRef<Answer>, Target.Command> asked(
      Function<ActorRef<Answer>, Target.Command> command) {
    return command.andThen(bare -> new Target.Asked(bare, OPERATOR));
  }

  private List<Origin> origins() {
    List<Origin> origins = new ArrayList<>();
    for (SharedJournal.Stored row : SharedJournal.stored(id)) {
      if (!row.manifest().isEmpty()) {
        origins.add(assertInstanceOf(Target.Kept.class, row.event(kit.system())).by());
      }
    }
    return origins;
  }

  @Test
  void anEventIsByWhomeverAskedAndElseByTheGatewayThatDecided() {
    ActorRef<Target.Command> first = incarnation();
    accepted(first, asked(to -> new Target.Create(List.of(), Optional.empty(), to)));
    accepted(first, to -> new Target.MapLun(0, "u", to));
    accepted(first, asked(to -> new Target.UnmapLun(0, "u", to)));
    kit.stop(first);
    // The next one takes the history over before it does what it was asked for meanwhile.
    ActorRef<Target.Command> second = incarnation();
    accepted(second, asked(to -> new Target.SetExplicitAlua(true, to)));
    accepted(second, Target.Get::new);
    Origin self = Origin.gateway(terms.holder());
    assertEquals(List.of(OPERATOR, self, OPERATOR, self, OPERATOR), origins());
  }

  @Test
  void digestsAreAChainOverIncarnations() {
    for (int round = 0; round < 3; round++) {
      ActorRef<Target.Command> target = incarnation();
      accepted(target, asked(to -> new Target.Create(List.of(), Optional.empty(), to)));
      accepted(target, to -> new Target.MapLun(0, "u", to));
      accepted(target, to -> new Target.UnmapLun(0, "u", to));
      accepted(target, Target.Delete::new);
      kit.stop(target);
    }
    String digest = "";
    int events = 0;
    for (SharedJournal.Stored row : SharedJournal.stored(id)) {
      if (!row.manifest().isEmpty()) {
        TermReplay.Position position = TermReplay.Position.parse(row.manifest());
        assertEquals(ChainDigest.of(digest, id, position, row.bytes()), position.digest());
        assertNotEquals(digest, position.digest());
        digest = position.digest();
        events++;
      }
    }
    assertEquals(4 + 5 + 5, events);
  }

  /** A chain that goes on after a snapshot has to know the digest of what is in it. */
  @Test
  void theChainGoesOnAfterASnapshot() {
    ActorRef<Target.Command> target = incarnation();
    accepted(target, to -> new Target.Create(List.of(), Optional.empty(), to));
    for (int change = 0; change < TermedEntity.ROWS_PER_SNAPSHOT / 4; change++) {
      accepted(target, to -> new Target.MapLun(0, "u", to));
      accepted(target, to -> new Target.UnmapLun(0, "u", to));
    }
    TestProbe<Answer> probe = kit.createTestProbe();
    for (int wait = 0; terms.snapshot(id).isEmpty() && wait < 500; wait++) {
      target.tell(new Target.Get(probe.ref()));
      probe.receiveMessage(Duration.ofSeconds(10));
    }
    assertEquals(TermedEntity.ROWS_PER_SNAPSHOT, terms.snapshot(id).orElseThrow());
    kit.stop(target);
    accepted(incarnation(), asked(to -> new Target.SetExplicitAlua(true, to)));
    String digest = "";
    for (SharedJournal.Stored row : SharedJournal.stored(id)) {
      if (!row.manifest().isEmpty()) {
        TermReplay.Position position = TermReplay.Position.parse(row.manifest());
        assertEquals(
            ChainDigest.of(digest, id, position, row.bytes()),
            position.digest(),
            () -> "version " + position.version());
        digest = position.digest();
      }
    }
  }
}

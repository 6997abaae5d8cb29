package io.moongate.cluster.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.moongate.cluster.Answer;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.entity.FakeTerms;
import io.moongate.cluster.entity.Gate;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;

/** One logical unit with everything around it in memory. */
final class UnitFixture implements AutoCloseable {
  static final Instant NOW = Instant.parse("2026-11-22T03:12:00Z");
  static final LogicalUnit.Settings SETTINGS =
      new LogicalUnit.Settings(Duration.ofSeconds(5), Duration.ofSeconds(4));

  final ActorTestKit kit = ActorTestKit.create(EntityKit.config());
  final ManualTime time = ManualTime.get(kit.system());
  final FakeTerms terms = new FakeTerms();
  final FakeOwnershipRows rows = new FakeOwnershipRows();
  final TestProbe<ViewPublisher.Command> published = kit.createTestProbe();
  final TestProbe<Answer> answers = kit.createTestProbe();
  String id = UUID.randomUUID().toString();
  ActorRef<LogicalUnit.Command> unit;

  /** Begins with another unit, and with everything reachable. */
  void fresh() {
    for (Gate gate : List.of(terms.take, terms.confirm, rows.claims, rows.raises, rows.reads)) {
      gate.failNext(0);
      gate.open();
    }
    id = UUID.randomUUID().toString();
    unit = incarnation();
  }

  String persistenceId() {
    return LogicalUnit.persistenceId(id).id();
  }

  ActorRef<LogicalUnit.Command> incarnation() {
    return incarnation(published);
  }

  ActorRef<LogicalUnit.Command> incarnation(TestProbe<ViewPublisher.Command> publisher) {
    return incarnation(kit, publisher);
  }

  ActorRef<LogicalUnit.Command> incarnation(
      ActorTestKit node, TestProbe<ViewPublisher.Command> publisher) {
    return node.spawn(
        LogicalUnit.create(
            id, terms, rows, publisher.ref(), SETTINGS, Clock.fixed(NOW, ZoneOffset.UTC)));
  }

  /** Stops the present incarnation and starts the next one. */
  void rehome() {
    kit.stop(unit);
    unit = incarnation();
  }

  Answer ask(Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    return ask(unit, command);
  }

  Answer ask(
      ActorRef<LogicalUnit.Command> entity,
      Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    TestProbe<Answer> probe = kit.createTestProbe();
    entity.tell(command.apply(probe.ref()));
    return probe.receiveMessage(Duration.ofSeconds(10));
  }

  UnitEntry accepted(Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    return entry(ask(command));
  }

  Answer.Refused refused(Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    return assertInstanceOf(Answer.Refused.class, ask(command));
  }

  static UnitEntry entry(Answer answer) {
    return (UnitEntry) assertInstanceOf(Answer.Accepted.class, answer).entry();
  }

  UnitEntry get() {
    return accepted(LogicalUnit.Get::new);
  }

  LogicalUnit.Create create(ActorRef<Answer> replyTo) {
    return new LogicalUnit.Create(
        0x3000_0000_0000_0001L,
        "serial",
        "memory",
        1 << 20,
        512,
        List.of("gw1", "gw2"),
        UnitAttributes.DEFAULT,
        replyTo);
  }

  UnitEntry takeOver(String gateway, long epoch, Observation... evidence) {
    return accepted(
        replyTo ->
            new LogicalUnit.TakeOver(
                gateway, incarnationOf(gateway), epoch, "test", List.of(evidence), replyTo));
  }

  Answer.Refused takeOverRefused(String gateway, long epoch, Observation... evidence) {
    return refused(
        replyTo ->
            new LogicalUnit.TakeOver(
                gateway, incarnationOf(gateway), epoch, "test", List.of(evidence), replyTo));
  }

  void opened(String gateway, long epoch) {
    unit.tell(new LogicalUnit.Opened(gateway, incarnationOf(gateway), epoch));
  }

  /** As an owner says it that has seen the newest entry. */
  void released(String gateway, long epoch) {
    released(gateway, epoch, get().version());
  }

  void released(String gateway, long epoch, long seen) {
    unit.tell(new LogicalUnit.Released(gateway, incarnationOf(gateway), epoch, seen));
  }

  UnitEntry move(String gateway) {
    return accepted(
        replyTo -> new LogicalUnit.Move(gateway, incarnationOf(gateway), "planned", replyTo));
  }

  /** A created unit that a gateway serves under epoch 1. */
  void serving(String gateway) {
    accepted(this::create);
    takeOver(gateway, 0);
    opened(gateway, 1);
    assertEquals(Phase.SERVING, awaitPublished(Phase.SERVING).ownership().phase());
  }

  /** Waits for the next published entry of a phase. */
  UnitEntry awaitPublished(Phase phase) {
    while (true) {
      UnitEntry entry = nextPublished();
      if (entry.ownership().phase() == phase && entry.id().equals(id)) {
        return entry;
      }
    }
  }

  /** Waits for the next published entry of an epoch. */
  UnitEntry awaitPublished(long epoch) {
    while (true) {
      UnitEntry entry = nextPublished();
      if (entry.ownership().epoch() == epoch && entry.id().equals(id)) {
        return entry;
      }
    }
  }

  UnitEntry nextPublished() {
    ViewPublisher.Command command = published.receiveMessage(Duration.ofSeconds(10));
    return (UnitEntry) ((ViewPublisher.Publish) command).entry();
  }

  static String incarnationOf(String gateway) {
    return gateway + "-process";
  }

  static Observation seen(String subject, Kind kind) {
    return new Observation("gw9", subject, incarnationOf(subject), kind, NOW, "test");
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}

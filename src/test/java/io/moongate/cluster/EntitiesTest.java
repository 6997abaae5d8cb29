package io.moongate.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.entity.FakeTerms;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.failure.Observation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Targets and gateways, with a re-homing between any two steps. */
class EntitiesTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:12:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  private static ActorTestKit kit;
  private static TestProbe<ViewPublisher.Command> published;
  private final FakeTerms terms = new FakeTerms();
  private final String name = "n" + UUID.randomUUID();

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(EntityKit.config());
    published = kit.createTestProbe();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  /** Asks a new incarnation. */
  private Answer target(Function<ActorRef<Answer>, Target.Command> command) {
    ActorRef<Target.Command> target = kit.spawn(Target.create(name, terms, published.ref(), CLOCK));
    return answer(target, command);
  }

  private Answer gateway(Function<ActorRef<Answer>, Gateway.Command> command) {
    ActorRef<Gateway.Command> gateway =
        kit.spawn(
            Gateway.create(
                name,
                terms,
                ofGateway -> CompletableFuture.completedStage(7),
                published.ref(),
                CLOCK));
    return answer(gateway, command);
  }

  private static <C> Answer answer(ActorRef<C> entity, Function<ActorRef<Answer>, C> command) {
    TestProbe<Answer> probe = kit.createTestProbe();
    entity.tell(command.apply(probe.ref()));
    Answer answer = probe.receiveMessage(Duration.ofSeconds(10));
    kit.stop(entity);
    return answer;
  }

  private static TargetEntry targetOf(Answer answer) {
    return (TargetEntry) assertInstanceOf(Answer.Accepted.class, answer).entry();
  }

  private static GatewayEntry gatewayOf(Answer answer) {
    return (GatewayEntry) assertInstanceOf(Answer.Accepted.class, answer).entry();
  }

  private static Kind refusal(Answer answer) {
    return assertInstanceOf(Answer.Refused.class, answer).kind();
  }

  @Test
  void aTargetsLife() {
    assertEquals(Kind.NOT_FOUND, refusal(target(Target.Get::new)));
    assertEquals(Kind.NOT_FOUND, refusal(target(to -> new Target.MapLun(0, "u1", to))));
    TargetEntry created = targetOf(target(to -> new Target.Create(List.of("gw1"), to)));
    assertEquals(List.of("gw1"), created.gateways());
    targetOf(target(to -> new Target.Create(List.of("gw1"), to)));
    assertEquals(Kind.CONFLICT, refusal(target(to -> new Target.Create(List.of(), to))));

    targetOf(target(to -> new Target.MapLun(3, "u1", to)));
    targetOf(target(to -> new Target.MapLun(3, "u1", to)));
    assertEquals(Kind.CONFLICT, refusal(target(to -> new Target.MapLun(3, "u2", to))));
    assertEquals(Map.of(3, "u1"), targetOf(target(Target.Get::new)).luns());
    assertEquals(Kind.CONFLICT, refusal(target(Target.Delete::new)));
    assertEquals(Map.of(3, "u1"), targetOf(target(to -> new Target.UnmapLun(3, "u2", to))).luns());
    targetOf(target(to -> new Target.UnmapLun(3, "u1", to)));
    assertEquals(Map.of(), targetOf(target(to -> new Target.UnmapLun(3, "u1", to))).luns());
    assertTrue(targetOf(target(Target.Delete::new)).deleted());
    assertEquals(Kind.NOT_FOUND, refusal(target(Target.Delete::new)));

    TargetEntry again = targetOf(target(to -> new Target.Create(List.of(), to)));
    assertEquals(Map.of(), again.luns());
    assertTrue(again.version() > created.version(), "an older entry does not come back");
  }

  private static Gateway.Registration process(String incarnation) {
    return new Gateway.Registration(
        incarnation,
        List.of(new PortalAddress("127.0.0.1", 3260)),
        new PortalAddress("127.0.0.1", 3261),
        "http://127.0.0.1",
        "1",
        4711);
  }

  private GatewayEntry register(String incarnation) {
    return gatewayOf(gateway(to -> new Gateway.Register(process(incarnation), to)));
  }

  @Test
  void aGatewaysLife() {
    assertEquals(Kind.NOT_FOUND, refusal(gateway(Gateway.Get::new)));
    GatewayEntry first = register("p1");
    assertEquals(7, first.portGroup());
    assertEquals(GatewayEntry.State.UP, first.state());
    assertEquals(first.incarnation(), register("p1").incarnation());

    assertEquals(Kind.CONFLICT, refusal(gateway(to -> new Gateway.Stop("another", to))));
    GatewayEntry stopped = gatewayOf(gateway(to -> new Gateway.Stop("p1", to)));
    assertEquals(GatewayEntry.State.STOPPED, stopped.state());
    assertEquals(GatewayEntry.State.STOPPED, gatewayOf(gateway(Gateway.Get::new)).state());
    assertEquals(
        Kind.CONFLICT,
        refusal(gateway(to -> new Gateway.Register(process("p1"), to))),
        "it rejoins as a newcomer");

    GatewayEntry second = register("p2");
    assertEquals(7, second.portGroup(), "for ever");
    assertEquals("p2", second.incarnation());
    assertEquals(GatewayEntry.State.UP, second.state());
  }

  @Test
  void aFailureIsJudgedAgainByTheEntity() {
    register("p1");
    ActorRef<Gateway.Command> gateway =
        kit.spawn(
            Gateway.create(
                name,
                terms,
                ofGateway -> CompletableFuture.completedStage(7),
                published.ref(),
                CLOCK));
    gateway.tell(report("p1", Observation.Kind.REMOVED));
    gateway.tell(report("p0", Observation.Kind.PROCESS_GONE));
    TestProbe<Answer> probe = kit.createTestProbe();
    gateway.tell(new Gateway.Get(probe.ref()));
    assertEquals(GatewayEntry.State.UP, gatewayOf(probe.receiveMessage()).state());
    gateway.tell(report("p1", Observation.Kind.PROCESS_GONE));
    gateway.tell(new Gateway.Get(probe.ref()));
    GatewayEntry failed = gatewayOf(probe.receiveMessage());
    assertEquals(GatewayEntry.State.FAILED, failed.state());
    assertTrue(failed.cause().contains("PROCESS_GONE"), failed.cause());
    kit.stop(gateway);
    assertEquals(Kind.CONFLICT, refusal(gateway(to -> new Gateway.Register(process("p1"), to))));
    assertEquals(GatewayEntry.State.UP, register("p2").state());
  }

  private Gateway.Report report(String incarnation, Observation.Kind kind) {
    return new Gateway.Report(
        incarnation, List.of(new Observation("gw9", name, incarnation, kind, NOW, "test")));
  }
}

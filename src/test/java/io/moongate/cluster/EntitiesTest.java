package io.moongate.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.entity.FakeTerms;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.target.AccessChange;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.HeldPortal;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.failure.Observation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
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
  private final Set<String> strangers = new HashSet<>();
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

  private ActorRef<Gateway.Command> incarnation() {
    return kit.spawn(
        Gateway.create(
            name,
            terms,
            ofGateway -> CompletableFuture.completedStage(7),
            published.ref(),
            incarnation -> !strangers.contains(incarnation),
            CLOCK));
  }

  private Answer gateway(Function<ActorRef<Answer>, Gateway.Command> command) {
    return answer(incarnation(), command);
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
    TargetEntry created =
        targetOf(target(to -> new Target.Create(List.of("gw1"), Optional.empty(), to)));
    assertEquals(List.of("gw1"), created.gateways());
    targetOf(target(to -> new Target.Create(List.of("gw1"), Optional.empty(), to)));
    assertEquals(
        Kind.CONFLICT, refusal(target(to -> new Target.Create(List.of(), Optional.empty(), to))));

    targetOf(target(to -> new Target.MapLun(3, "u1", to)));
    targetOf(target(to -> new Target.MapLun(3, "u1", to)));
    assertEquals(Kind.CONFLICT, refusal(target(to -> new Target.MapLun(3, "u2", to))));
    assertEquals(
        Kind.CONFLICT,
        refusal(target(to -> new Target.MapLun(4, "u1", to))),
        "to one nexus a unit has one LUN");
    assertEquals(Map.of(3, "u1"), targetOf(target(Target.Get::new)).luns());
    assertEquals(Kind.CONFLICT, refusal(target(Target.Delete::new)));
    assertEquals(Map.of(3, "u1"), targetOf(target(to -> new Target.UnmapLun(3, "u2", to))).luns());
    targetOf(target(to -> new Target.UnmapLun(3, "u1", to)));
    assertEquals(Map.of(), targetOf(target(to -> new Target.UnmapLun(3, "u1", to))).luns());
    assertTrue(targetOf(target(Target.Delete::new)).deleted());
    assertEquals(Kind.NOT_FOUND, refusal(target(Target.Delete::new)));

    TargetEntry again = targetOf(target(to -> new Target.Create(List.of(), Optional.empty(), to)));
    assertEquals(Map.of(), again.luns());
    assertTrue(again.version() > created.version(), "an older entry does not come back");
  }

  @Test
  void aTargetOptsInToExplicitAlua() {
    assertEquals(Kind.NOT_FOUND, refusal(target(to -> new Target.SetExplicitAlua(true, to))));
    assertFalse(
        targetOf(target(to -> new Target.Create(List.of(), Optional.empty(), to))).explicitAlua());
    TargetEntry set = targetOf(target(to -> new Target.SetExplicitAlua(true, to)));
    assertTrue(set.explicitAlua());
    assertTrue(targetOf(target(to -> new Target.MapLun(0, "u", to))).explicitAlua());
    assertTrue(change(new AccessChange.ModeSet(TargetAccess.Mode.LISTED)).explicitAlua());
    long version = targetOf(target(Target.Get::new)).version();
    TargetEntry again = targetOf(target(to -> new Target.SetExplicitAlua(true, to)));
    assertTrue(again.explicitAlua());
    assertEquals(TargetAccess.Mode.LISTED, again.access().mode(), "nothing else is changed by it");
    assertTrue(
        targetOf(target(to -> new Target.Create(List.of(), Optional.empty(), to))).explicitAlua(),
        "who does not say takes it as it is");
    assertEquals(
        Kind.CONFLICT, refusal(target(to -> new Target.Create(List.of(), Optional.of(false), to))));
    assertTrue(version > set.version());
    targetOf(target(to -> new Target.UnmapLun(0, "u", to)));
    targetOf(target(Target.Delete::new));
    assertEquals(Kind.NOT_FOUND, refusal(target(to -> new Target.SetExplicitAlua(false, to))));
    assertFalse(
        targetOf(target(to -> new Target.Create(List.of(), Optional.empty(), to))).explicitAlua());
    targetOf(target(Target.Delete::new));
    assertTrue(
        targetOf(target(to -> new Target.Create(List.of(), Optional.of(true), to))).explicitAlua());
  }

  private TargetEntry change(AccessChange change) {
    return targetOf(target(to -> new Target.ChangeAccess(change, OptionalLong.empty(), to)));
  }

  @Test
  void anAccessListsLife() {
    AccessChange listed = new AccessChange.ModeSet(TargetAccess.Mode.LISTED);
    assertEquals(
        Kind.NOT_FOUND,
        refusal(target(to -> new Target.ChangeAccess(listed, OptionalLong.empty(), to))));
    TargetEntry created =
        targetOf(target(to -> new Target.Create(List.of(), Optional.empty(), to)));
    assertEquals(TargetAccess.OPEN, created.access());
    targetOf(target(to -> new Target.MapLun(3, "u3", to)));
    targetOf(target(to -> new Target.MapLun(4, "u4", to)));

    Optional<ChapEntry> own = Optional.of(new ChapEntry("host", "1:x"));
    InitiatorEntry masked =
        new InitiatorEntry(own, Optional.of(Map.of(0, 4, 1, 3)), Optional.of("rack 7"));
    InitiatorEntry plain = new InitiatorEntry(Optional.empty(), Optional.empty(), Optional.empty());
    change(new AccessChange.InitiatorAllowed("iqn.a", masked));
    change(new AccessChange.InitiatorAllowed("iqn.b", plain));
    change(new AccessChange.ChapSet(Optional.of(new ChapEntry("all", "1:y"))));
    change(new AccessChange.MutualChapSet(Optional.of(new ChapEntry("me", "1:z"))));
    TargetEntry all = change(listed);
    assertEquals(Map.of(0, "u4", 1, "u3"), all.lunsFor("iqn.a"));
    assertEquals(Map.of(3, "u3", 4, "u4"), all.lunsFor("iqn.b"));
    assertEquals(Map.of(), all.lunsFor("iqn.c"));
    assertEquals(own, all.access().chapOf("iqn.a"));
    assertEquals("all", all.access().chapOf("iqn.b").orElseThrow().user());
    assertEquals(all.access(), targetOf(target(Target.Get::new)).access());

    InitiatorEntry ofNone =
        new InitiatorEntry(Optional.empty(), Optional.of(Map.of(0, 9)), Optional.empty());
    Answer refused =
        target(
            to ->
                new Target.ChangeAccess(
                    new AccessChange.InitiatorAllowed("iqn.d", ofNone), OptionalLong.empty(), to));
    assertEquals(Kind.CONFLICT, refusal(refused));
    assertEquals("luns", ((Answer.Refused) refused).field());

    targetOf(target(to -> new Target.UnmapLun(4, "u4", to)));
    TargetEntry remapped = targetOf(target(to -> new Target.MapLun(4, "other", to)));
    assertEquals(Map.of(1, "u3"), remapped.lunsFor("iqn.a"), "what was unmapped stays unseen");
    assertEquals(Map.of(3, "u3", 4, "other"), remapped.lunsFor("iqn.b"));

    change(new AccessChange.InitiatorRemoved("iqn.a"));
    assertEquals(Map.of(), change(new AccessChange.InitiatorRemoved("iqn.a")).lunsFor("iqn.a"));
    targetOf(target(to -> new Target.UnmapLun(3, "u3", to)));
    targetOf(target(to -> new Target.UnmapLun(4, "other", to)));
    assertEquals(TargetAccess.OPEN, targetOf(target(Target.Delete::new)).access());
    assertEquals(
        TargetAccess.OPEN,
        targetOf(target(to -> new Target.Create(List.of(), Optional.empty(), to))).access());
  }

  @Test
  void aChangeThatWasJudgedByAnOlderTargetIsRefusedAndAnEqualOneIsNoEvent() {
    ActorRef<Target.Command> one = kit.spawn(Target.create(name, terms, published.ref(), CLOCK));
    TestProbe<Answer> probe = kit.createTestProbe();
    one.tell(new Target.Create(List.of(), Optional.empty(), probe.ref()));
    long version = targetOf(probe.receiveMessage()).version();
    AccessChange listed = new AccessChange.ModeSet(TargetAccess.Mode.LISTED);
    one.tell(new Target.ChangeAccess(listed, OptionalLong.of(version + 1), probe.ref()));
    assertEquals(Kind.CONFLICT, refusal(probe.receiveMessage()));
    one.tell(new Target.ChangeAccess(listed, OptionalLong.of(version), probe.ref()));
    assertEquals(version + 1, targetOf(probe.receiveMessage()).version());
    one.tell(new Target.ChangeAccess(listed, OptionalLong.of(version), probe.ref()));
    assertEquals(Kind.CONFLICT, refusal(probe.receiveMessage()));
    one.tell(new Target.ChangeAccess(listed, OptionalLong.empty(), probe.ref()));
    assertEquals(version + 1, targetOf(probe.receiveMessage()).version());
    kit.stop(one);
  }

  @Test
  void anAccessListHasABound() {
    TargetEntry full = new TargetEntry(name, 1, List.of(), Map.of(), false, NOW, TargetAccess.OPEN);
    InitiatorEntry plain = new InitiatorEntry(Optional.empty(), Optional.empty(), Optional.empty());
    TargetAccess access = TargetAccess.OPEN;
    for (int i = 0; i < AccessChange.MAX_INITIATORS; i++) {
      access = access.with("iqn." + i, plain);
    }
    TargetEntry many = new TargetEntry(name, 1, List.of(), Map.of(), false, NOW, access);
    AccessChange more = new AccessChange.InitiatorAllowed("iqn.more", plain);
    assertEquals("initiator", more.refusal(many).orElseThrow().field());
    assertTrue(new AccessChange.InitiatorAllowed("iqn.1", plain).refusal(many).isEmpty());
    InitiatorEntry heavy =
        new InitiatorEntry(
            Optional.of(new ChapEntry("u", "x".repeat(AccessChange.MAX_WEIGHT))),
            Optional.empty(),
            Optional.empty());
    assertEquals(
        "initiator",
        new AccessChange.InitiatorAllowed("iqn.1", heavy).refusal(full).orElseThrow().field());
  }

  private static Gateway.Registration process(String incarnation) {
    return process(incarnation, false);
  }

  private static Gateway.Registration process(String incarnation, boolean takeover) {
    return new Gateway.Registration(
        incarnation,
        List.of(new PortalAddress("127.0.0.1", 3260)),
        new PortalAddress("127.0.0.1", 3261),
        "http://127.0.0.1",
        "1",
        4711,
        takeover);
  }

  private GatewayEntry register(String incarnation) {
    return gatewayOf(gateway(to -> new Gateway.Register(process(incarnation), to)));
  }

  /** It is gone, and would declare the process that has its name and address by now gone. */
  @Test
  void whoIsNoMemberRegistersNothing() {
    strangers.add("p0");
    assertEquals(Kind.UNAVAILABLE, refusal(gateway(to -> new Gateway.Register(process("p0"), to))));
    register("p1");
    assertEquals(Kind.UNAVAILABLE, refusal(gateway(to -> new Gateway.Register(process("p0"), to))));
    assertEquals("p1", gatewayOf(gateway(Gateway.Get::new)).incarnation());
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

  /** Else it would be taken as proof that the present process is gone. */
  @Test
  void aRequestOfAProcessThatWasSucceededRegistersNothing() {
    register("p1");
    register("p2");
    assertEquals(Kind.CONFLICT, refusal(gateway(to -> new Gateway.Register(process("p1"), to))));
    GatewayEntry now = gatewayOf(gateway(Gateway.Get::new));
    assertEquals("p2", now.incarnation());
    assertEquals(List.of("p1"), now.former());
  }

  @Test
  void aFailureIsJudgedAgainByTheEntity() {
    register("p1");
    ActorRef<Gateway.Command> gateway = incarnation();
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

  private GatewayEntry.Duty duty() {
    return gatewayOf(gateway(Gateway.Get::new)).service().duty();
  }

  @Test
  void aDrainOutlivesTheProcessUntilItIsTakenBack() {
    assertEquals(Kind.NOT_FOUND, refusal(gateway(to -> new Gateway.Drain("why", to))));
    assertEquals(Kind.NOT_FOUND, refusal(gateway(to -> new Gateway.Undrain("why", to))));
    register("p1");
    assertEquals(GatewayEntry.Duty.IN_SERVICE, duty());
    GatewayEntry draining = gatewayOf(gateway(to -> new Gateway.Drain("new disks", to)));
    assertEquals(GatewayEntry.Duty.DRAINING, draining.service().duty());
    assertEquals("new disks", draining.service().cause());
    assertEquals(
        draining.service(), gatewayOf(gateway(to -> new Gateway.Drain("again", to))).service());

    gatewayOf(gateway(to -> new Gateway.Stop("p1", to)));
    GatewayEntry back = register("p2");
    assertEquals(draining.service(), back.service());
    assertEquals(0, back.flaps(), "to stop in good order is no failure");

    GatewayEntry ended = gatewayOf(gateway(to -> new Gateway.Undrain("done", to)));
    assertEquals(GatewayEntry.Duty.IN_SERVICE, ended.service().duty());
    assertEquals("done", ended.service().cause());
    assertEquals(
        ended.service(), gatewayOf(gateway(to -> new Gateway.Undrain("again", to))).service());
  }

  @Test
  void whoIsEmptySaysSoItself() {
    register("p1");
    ActorRef<Gateway.Command> gateway = incarnation();
    TestProbe<Answer> probe = kit.createTestProbe();
    gateway.tell(new Gateway.Emptied("p1"));
    gateway.tell(new Gateway.Drain("why", probe.ref()));
    gateway.tell(new Gateway.Emptied("p0"));
    assertEquals(GatewayEntry.Duty.DRAINING, gatewayOf(probe.receiveMessage()).service().duty());
    gateway.tell(new Gateway.Get(probe.ref()));
    assertEquals(GatewayEntry.Duty.DRAINING, gatewayOf(probe.receiveMessage()).service().duty());
    gateway.tell(new Gateway.Emptied("p1"));
    gateway.tell(new Gateway.Get(probe.ref()));
    GatewayEntry drained = gatewayOf(probe.receiveMessage());
    assertEquals(GatewayEntry.Duty.DRAINED, drained.service().duty());
    assertEquals("why", drained.service().cause());
    kit.stop(gateway);
    assertEquals(GatewayEntry.Duty.DRAINED, duty());
  }

  @Test
  void aRemovedGatewayIsGoneAndItsNameBeginsAnew() {
    register("p1");
    gatewayOf(gateway(to -> new Gateway.Drain("why", to)));
    assertEquals(
        Kind.CONFLICT, refusal(gateway(to -> new Gateway.Remove("p0", "by operator", to))));
    GatewayEntry removed = gatewayOf(gateway(to -> new Gateway.Remove("p1", "by operator", to)));
    assertEquals(GatewayEntry.State.REMOVED, removed.state());
    assertEquals("by operator", removed.cause());
    assertEquals(
        Kind.NOT_FOUND, refusal(gateway(to -> new Gateway.Remove("p1", "by operator", to))));
    assertEquals(Kind.NOT_FOUND, refusal(gateway(to -> new Gateway.Drain("why", to))));
    assertEquals(
        Kind.CONFLICT,
        refusal(gateway(to -> new Gateway.Register(process("p1"), to))),
        "what was declared gone does not come back");
    GatewayEntry fresh = register("p2");
    assertEquals(7, fresh.portGroup());
    assertEquals(GatewayEntry.Duty.IN_SERVICE, fresh.service().duty());
    assertTrue(fresh.version() > removed.version());
  }

  private static final String ADDRESS = "127.0.0.1";

  private GatewayEntry afterHold(String incarnation, String holder) {
    ActorRef<Gateway.Command> gateway = incarnation();
    gateway.tell(new Gateway.HoldPortal(incarnation, ADDRESS, holder, holder + "-p1"));
    TestProbe<Answer> probe = kit.createTestProbe();
    gateway.tell(new Gateway.Get(probe.ref()));
    GatewayEntry entry = gatewayOf(probe.receiveMessage());
    kit.stop(gateway);
    return entry;
  }

  private void fails(String incarnation) {
    ActorRef<Gateway.Command> gateway = incarnation();
    gateway.tell(report(incarnation, Observation.Kind.PROCESS_GONE));
    TestProbe<Answer> probe = kit.createTestProbe();
    gateway.tell(new Gateway.Get(probe.ref()));
    assertEquals(GatewayEntry.State.FAILED, gatewayOf(probe.receiveMessage()).state());
    kit.stop(gateway);
  }

  @Test
  void anAddressIsHeldOfAFailedProcessByOneThatIsAMember() {
    gatewayOf(gateway(to -> new Gateway.Register(process("p1", true), to)));
    assertEquals(List.of(), afterHold("p1", "gw2").takeover().held(), "it is up");
    gatewayOf(gateway(to -> new Gateway.Register(process("p2", true), to)));
    fails("p2");
    assertEquals(List.of(), afterHold("p1", "gw2").takeover().held(), "a former process");
    strangers.add("gw2-p1");
    assertEquals(List.of(), afterHold("p2", "gw2").takeover().held(), "no member");
    HeldPortal held = new HeldPortal(ADDRESS, "gw3", "gw3-p1", NOW);
    assertEquals(List.of(held), afterHold("p2", "gw3").takeover().held());
    assertEquals(List.of(held), afterHold("p2", "gw4").takeover().held(), "it has a holder");
    strangers.add("gw3-p1");
    HeldPortal next = new HeldPortal(ADDRESS, "gw4", "gw4-p1", NOW);
    assertEquals(List.of(next), afterHold("p2", "gw4").takeover().held());
    GatewayEntry back = gatewayOf(gateway(to -> new Gateway.Register(process("p3", true), to)));
    assertEquals(List.of(next), back.takeover().held(), "until it has been given up");
    ActorRef<Gateway.Command> gateway = incarnation();
    gateway.tell(new Gateway.ReleasePortal(held, "of before"));
    TestProbe<Answer> probe = kit.createTestProbe();
    gateway.tell(new Gateway.Get(probe.ref()));
    assertEquals(List.of(next), gatewayOf(probe.receiveMessage()).takeover().held());
    gateway.tell(new Gateway.ReleasePortal(next, "not wanted"));
    gateway.tell(new Gateway.Get(probe.ref()));
    assertEquals(List.of(), gatewayOf(probe.receiveMessage()).takeover().held());
    kit.stop(gateway);
    assertEquals(List.of(), gatewayOf(gateway(Gateway.Get::new)).takeover().held());
  }

  @Test
  void anAddressThatMayNotBeHeldIsNot() {
    register("p1");
    fails("p1");
    assertEquals(List.of(), afterHold("p1", "gw2").takeover().held());
  }

  @Test
  void failuresAreCountedUntilAProcessLasts() {
    register("p1");
    // A process that is found gone by the registration of the next one has failed as well.
    assertEquals(1, register("p2").flaps());
    assertEquals(2, register("p3").flaps());
    gatewayOf(gateway(to -> new Gateway.Stop("p3", to)));
    assertEquals(2, register("p4").flaps());
  }

  @Test
  void oneConfirmationIsUnderWayAtATime() throws InterruptedException {
    register("p1");
    ActorRef<Gateway.Command> gateway = incarnation();
    TestProbe<Answer> probe = kit.createTestProbe();
    gateway.tell(new Gateway.Get(probe.ref()));
    probe.receiveMessage();
    int before = terms.confirm.calls();
    terms.confirm.close();
    for (int asked = 0; asked < 100; asked++) {
      gateway.tell(new Gateway.Get(probe.ref()));
    }
    terms.confirm.awaitKept(1);
    terms.confirm.open();
    probe.receiveSeveralMessages(100, Duration.ofSeconds(10));
    int reads = terms.confirm.calls() - before;
    assertTrue(reads <= 3, () -> reads + " reads");
    kit.stop(gateway);
  }

  /** Its read may have been answered before. */
  @Test
  void whatCameWhileAConfirmationWasUnderWayIsConfirmedByTheNextOne() throws InterruptedException {
    register("p1");
    ActorRef<Gateway.Command> gateway = incarnation();
    TestProbe<Answer> first = kit.createTestProbe();
    TestProbe<Answer> second = kit.createTestProbe();
    gateway.tell(new Gateway.Get(first.ref()));
    first.receiveMessage();
    terms.confirm.close();
    gateway.tell(new Gateway.Get(first.ref()));
    terms.confirm.awaitKept(1);
    gateway.tell(new Gateway.Get(second.ref()));
    gateway.tell(new Gateway.Undrain("by which the order is known", first.ref()));
    terms.confirm.letOne();
    first.receiveMessage();
    terms.confirm.awaitKept(1);
    second.expectNoMessage();
    terms.confirm.open();
    second.receiveMessage();
    first.receiveMessage();
    kit.stop(gateway);
  }

  /** It knows of no gateway: what is reported to it concerns nobody, as far as it can tell. */
  @Test
  void anIncarnationWhoseTermIsOverNoticesByAReport() {
    for (Gateway.Command said :
        List.of(report("p1", Observation.Kind.PROCESS_GONE), new Gateway.Emptied("p1"))) {
      ActorRef<Gateway.Command> stale = incarnation();
      TestProbe<Answer> probe = kit.createTestProbe();
      stale.tell(new Gateway.Get(probe.ref()));
      probe.receiveMessage();
      gatewayOf(gateway(to -> new Gateway.Register(process("p1"), to)));
      stale.tell(said);
      probe.expectTerminated(stale, Duration.ofSeconds(10));
    }
  }

  private Gateway.Report report(String incarnation, Observation.Kind kind) {
    return new Gateway.Report(
        incarnation, List.of(new Observation("gw9", name, incarnation, kind, NOW, "test")));
  }
}

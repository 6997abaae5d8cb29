package io.moongate.cluster.portal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.view.GatewayEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One gateway, gw2, beside gw1, which fails, and gw3. */
class TakeoverTest {
  private static final String ADDRESS = PortalEntries.address(1);
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Takeover.Settings SETTINGS = new Takeover.Settings(Duration.ofSeconds(10));

  private final Wire wire = new Wire();
  private final Wire.Host dead = wire.host("gw1", ADDRESS);
  private final Wire.Host host = wire.host("gw2", PortalEntries.address(2));
  private final Map<String, Gateway.State> entities = new HashMap<>();
  private final Set<String> members = new java.util.HashSet<>();
  private final List<Gateway.Command> said = new ArrayList<>();
  private boolean leased = true;
  private boolean granted = true;
  private boolean releasesAreLost;
  private Takeover takeover;

  @BeforeEach
  void begin() {
    for (int group = 1; group <= 3; group++) {
      String name = "gw" + group;
      members.add(name + "-p1");
      entities.put(
          name, PortalEntries.registered(PortalEntries.nothing(), name, group, name + "-p1", true));
    }
    wire.host("gw3", PortalEntries.address(3));
    takeover = new Takeover("gw2", "gw2-p1", SETTINGS, () -> leased, host, this::tell);
  }

  private void tell(String gateway, Gateway.Command command) {
    said.add(command);
    Gateway.State state = entities.get(gateway);
    if (command instanceof Gateway.HoldPortal asked) {
      if (granted && state.mayHold(asked, members::contains)) {
        apply(gateway, held(asked, PortalEntries.WHEN.plusNanos(wire.now)));
      }
    } else {
      Gateway.ReleasePortal asked = assertInstanceOf(Gateway.ReleasePortal.class, command);
      if (!releasesAreLost && state.holds(asked.held())) {
        apply(gateway, released(asked));
      }
    }
  }

  static Gateway.PortalHeld held(Gateway.HoldPortal asked, Instant at) {
    return new Gateway.PortalHeld(
        asked.incarnation(), asked.address(), asked.holder(), asked.holderIncarnation(), at);
  }

  static Gateway.PortalReleased released(Gateway.ReleasePortal asked) {
    return new Gateway.PortalReleased(
        asked.held().address(),
        asked.held().gateway(),
        asked.held().incarnation(),
        asked.cause(),
        PortalEntries.WHEN);
  }

  private void apply(String gateway, Gateway.Event event) {
    entities.computeIfPresent(gateway, (name, state) -> state.apply(event));
  }

  private void fails(String gateway) {
    members.remove(gateway + "-p1");
    apply(gateway, PortalEntries.failed(gateway + "-p1"));
  }

  private void losePower() {
    dead.powerOff();
    fails("gw1");
  }

  private void look() {
    wire.now += LOOK.toNanos();
    takeover.look(view(), wire.now);
  }

  private List<GatewayEntry> view() {
    return entities.values().stream().map(state -> state.entry().orElseThrow()).toList();
  }

  private void pass(Duration time) {
    for (long left = time.toNanos(); left > 0; left -= LOOK.toNanos()) {
      look();
    }
  }

  private boolean recorded() {
    return entities.get("gw1").entry().orElseThrow().takeover().holder(ADDRESS).isPresent();
  }

  private void requireHeld() {
    assertTrue(recorded());
    assertEquals(Set.of("gw2"), wire.takersOf(ADDRESS));
    assertEquals(Set.of(ADDRESS), takeover.here());
  }

  private void requireNotHeld() {
    assertFalse(recorded());
    assertEquals(Set.of(), wire.takersOf(ADDRESS));
    assertEquals(Set.of(), takeover.here());
  }

  @Test
  void theAddressOfAGatewayWithoutPowerIsHeldAndAnnounced() {
    losePower();
    pass(Duration.ofSeconds(2));
    requireHeld();
    pass(Duration.ofSeconds(60));
    requireHeld();
    assertEquals(Takeover.ANNOUNCEMENTS, host.announced);
  }

  @Test
  void nothingIsDoneWhileItIsNotOnRecordAsFailed() {
    dead.powerOff();
    pass(Duration.ofSeconds(60));
    assertEquals(List.of(), said);
    assertEquals(0, host.probed);
  }

  @Test
  void whoAnswersKeepsItsAddress() {
    fails("gw1");
    pass(Duration.ofSeconds(60));
    assertEquals(List.of(), said);
    requireNotHeld();
    dead.powerOff();
    pass(Duration.ofSeconds(12));
    requireHeld();
  }

  @Test
  void anAddressThatMayNotBeHeldIsNot() {
    entities.put("gw1", PortalEntries.registered(entities.get("gw1"), "gw1", 1, "gw1-p2", false));
    apply("gw1", PortalEntries.failed("gw1-p2"));
    dead.powerOff();
    pass(Duration.ofSeconds(30));
    assertEquals(List.of(), said);
  }

  @Test
  void withoutAnAnswerOfTheEntityItIsNotThere() {
    granted = false;
    losePower();
    pass(Duration.ofSeconds(30));
    requireNotHeld();
    assertTrue(said.size() > 3, "it asks again");
  }

  @Test
  void aHostThatComesBackIsGivenItsAddressBeforeAnybodyAsks() {
    losePower();
    pass(Duration.ofSeconds(2));
    dead.on = true;
    pass(Duration.ofSeconds(2));
    requireNotHeld();
    pass(Duration.ofSeconds(60));
    requireNotHeld();
  }

  @Test
  void aProcessThatRegistersIsGivenIt() {
    losePower();
    pass(Duration.ofSeconds(2));
    requireHeld();
    entities.put("gw1", PortalEntries.registered(entities.get("gw1"), "gw1", 1, "gw1-p2", true));
    assertTrue(recorded(), "until it has been given up");
    look();
    requireNotHeld();
  }

  @Test
  void aGatewayThatTheOperatorRemovesIsNotSpokenForAnyMore() {
    losePower();
    pass(Duration.ofSeconds(2));
    apply("gw1", new Gateway.Removed("gw1-p1", "by operator", PortalEntries.WHEN));
    look();
    requireNotHeld();
  }

  @Test
  void withoutALeaseItIsDroppedAndTakenAgainByTheSameDecision() {
    losePower();
    pass(Duration.ofSeconds(2));
    leased = false;
    look();
    assertEquals(Set.of(), wire.takersOf(ADDRESS));
    assertTrue(recorded());
    int before = said.size();
    leased = true;
    pass(Duration.ofSeconds(2));
    requireHeld();
    assertEquals(before, said.size());
  }

  @Test
  void whatIsNotProlongedIsRemovedByTheKernel() {
    losePower();
    pass(Duration.ofSeconds(2));
    wire.now += SETTINGS.lifetime().toNanos();
    assertEquals(Set.of(), wire.takersOf(ADDRESS), "it has stood still for that long");
  }

  @Test
  void aFormerHolderIsWaitedFor() {
    losePower();
    tell("gw1", new Gateway.HoldPortal("gw1-p1", ADDRESS, "gw3", "gw3-p1"));
    pass(Duration.ofSeconds(30));
    assertEquals(Set.of(), wire.takersOf(ADDRESS), "gw3 is up");
    fails("gw3");
    pass(SETTINGS.gone().minus(LOOK));
    assertEquals(1, said.size());
    pass(Duration.ofSeconds(2));
    requireHeld();
  }

  @Test
  void whatCantBeRemovedIsOnRecordUntilTheKernelHasRemovedIt() {
    losePower();
    pass(Duration.ofSeconds(2));
    host.removalsFail = true;
    dead.on = true;
    pass(Duration.ofSeconds(2));
    assertTrue(recorded());
    assertEquals(Set.of(), takeover.here());
    pass(SETTINGS.gone());
    requireNotHeld();
  }

  @Test
  void whatWasGivenUpIsNotTakenAgainByTheSameDecision() {
    losePower();
    pass(Duration.ofSeconds(2));
    releasesAreLost = true;
    dead.on = true;
    pass(Duration.ofSeconds(2));
    dead.powerOff();
    pass(Duration.ofSeconds(30));
    assertTrue(recorded());
    assertEquals(Set.of(), wire.takersOf(ADDRESS), "the release may be under way");
    releasesAreLost = false;
    pass(Duration.ofSeconds(3));
    requireHeld();
  }

  @Test
  void whatWouldTakeConnectionsIsNotHeld() {
    host.listens = true;
    losePower();
    pass(Duration.ofSeconds(30));
    requireNotHeld();
  }

  @Test
  void aGatewayThatStopsGivesAllUp() {
    losePower();
    pass(Duration.ofSeconds(2));
    takeover.end(view(), wire.now);
    assertEquals(Set.of(), wire.takersOf(ADDRESS));
    assertFalse(recorded());
  }
}

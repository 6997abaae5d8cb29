package io.moongate.cluster.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.TargetPortGroup;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PathsTest {
  private static final GatewayEntry GW1 = Entries.up("gw1", 1);
  private static final GatewayEntry GW2 = Entries.up("gw2", 2);

  private static UnitEntry unit(Phase phase, String owner, String... preferred) {
    return Entries.unit("u1", 1, phase, 3, owner, preferred);
  }

  private static List<AccessState> states(UnitEntry unit, GatewayEntry... gateways) {
    Optional<GatewayEntry> owner =
        List.of(gateways).stream()
            .filter(gateway -> gateway.name().equals(unit.ownership().owner()))
            .findFirst();
    return Paths.groups(unit, List.of(gateways), owner).stream()
        .map(TargetPortGroup::state)
        .toList();
  }

  @Test
  void whileItIsServedTheOwnersPathIsOptimized() {
    assertEquals(
        List.of(AccessState.ACTIVE_NON_OPTIMIZED, AccessState.ACTIVE_OPTIMIZED),
        states(unit(Phase.SERVING, "gw2"), GW1, GW2));
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"UNOWNED", "ACQUIRING", "RELEASING"})
  void inATransitionLivePathsTakeCommandsAndHoldThem(Phase phase) {
    UnitEntry unit = unit(phase, phase == Phase.UNOWNED ? "" : "gw1");
    assertEquals(
        List.of(AccessState.ACTIVE_NON_OPTIMIZED, AccessState.ACTIVE_NON_OPTIMIZED),
        states(unit, GW1, GW2));
    assertFalse(Paths.served(unit, Optional.of(GW1)));
  }

  @ParameterizedTest
  @EnumSource(
      value = GatewayEntry.State.class,
      names = {"FAILED", "STOPPED"})
  void aGatewayThatIsNotUpIsUnavailableAndServesNothing(GatewayEntry.State state) {
    GatewayEntry down = Entries.gateway("gw1", 2, state, "gw1-p1", 1);
    assertEquals(
        List.of(AccessState.UNAVAILABLE, AccessState.ACTIVE_NON_OPTIMIZED),
        states(unit(Phase.SERVING, "gw1"), down, GW2));
    assertFalse(Paths.served(unit(Phase.SERVING, "gw1"), Optional.of(down)));
  }

  @Test
  void aNewerProcessOfTheOwnerDoesNotOwnWhatTheOldOneDid() {
    GatewayEntry newer = Entries.gateway("gw1", 2, GatewayEntry.State.UP, "gw1-p2", 1);
    assertEquals(
        List.of(AccessState.ACTIVE_NON_OPTIMIZED, AccessState.ACTIVE_NON_OPTIMIZED),
        states(unit(Phase.SERVING, "gw1"), newer, GW2));
    assertFalse(Paths.served(unit(Phase.SERVING, "gw1"), Optional.of(newer)));
    assertFalse(Paths.served(unit(Phase.SERVING, "gw1"), Optional.empty()));
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void prefIsOnlyOnTheGroupThatIsOptimizedAndFirst(Phase phase) {
    for (String owner : List.of("gw1", "gw2")) {
      UnitEntry unit = unit(phase, owner, "gw1", "gw2");
      for (TargetPortGroup group :
          Paths.groups(unit, List.of(GW2, GW1), Optional.of(owner.equals("gw1") ? GW1 : GW2))) {
        assertEquals(
            phase == Phase.SERVING && owner.equals("gw1") && group.id() == 1,
            group.preferred(),
            phase + " " + owner + " " + group);
      }
    }
  }

  @Test
  void groupsAreInTheOrderOfTheirIds() {
    assertEquals(
        List.of(1, 2),
        Paths.groups(unit(Phase.UNOWNED, ""), List.of(GW2, GW1), Optional.empty()).stream()
            .map(TargetPortGroup::id)
            .toList());
  }

  @Test
  void everyLunHasAPathThroughEachGatewayThatExportsIt() {
    View view = new View();
    view.apply(GW1);
    view.apply(GW2);
    view.apply(unit(Phase.SERVING, "gw2"));
    view.apply(Entries.target("iqn.a", Map.of(0, "u1", 7, "unknown"), "gw1"));
    view.apply(Entries.target("iqn.b", Map.of(3, "u1")));
    List<Paths.Path> paths = Paths.of(view);
    assertEquals(
        List.of("iqn.a 0 gw1", "iqn.b 3 gw1", "iqn.b 3 gw2"),
        paths.stream()
            .map(path -> path.target() + " " + path.lun() + " " + path.gateway())
            .toList());
    assertEquals("active-optimized", paths.get(2).state());
    assertEquals("active-non-optimized", paths.get(1).state());
  }

  @Test
  void theViewKeepsTheNewestAndHidesWhatWasDeleted() {
    View view = new View();
    assertTrue(view.apply(Entries.unit("u1", 5, Phase.SERVING, 2, "gw1")));
    assertFalse(view.apply(Entries.unit("u1", 5, Phase.UNOWNED, 2, "")));
    assertFalse(view.apply(Entries.unit("u1", 4, Phase.UNOWNED, 2, "")));
    assertEquals(Phase.SERVING, view.unit("u1").orElseThrow().ownership().phase());
    TargetEntry gone = new TargetEntry("iqn.a", 2, List.of(), Map.of(), true, Entries.NOW);
    assertTrue(view.apply(gone));
    assertFalse(view.apply(Entries.target("iqn.a", Map.of())), "an older one revives nothing");
    assertTrue(view.target("iqn.a").isEmpty());
    assertTrue(view.targets().isEmpty());
    assertEquals(2, view.entries().size());
    assertEquals(2, view.versionOf(gone));
    assertEquals(0, view.versionOf(GW1));
  }
}

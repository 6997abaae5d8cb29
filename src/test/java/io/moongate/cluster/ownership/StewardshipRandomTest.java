package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.GatewayEntry.Duty;
import io.moongate.cluster.view.GatewayEntry.Service;
import io.moongate.cluster.view.GatewayEntry.State;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The stewards of all gateways over one view, with gateways that fail, come back, are drained and
 * put into service again, and units that some of them can't open. Once nothing happens any more,
 * every unit is owned, by whom it should be, and nothing moves.
 */
class StewardshipRandomTest {
  private static final Balance.Tolerance EVEN = new Balance.Tolerance(2, 0.5, 100);

  private static final int RUNS = 150;
  private static final int AT_ONCE = 3;
  private static final Duration TICK = Duration.ofMillis(250);

  @Test
  void whateverHappens() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + RUNS; seed++) {
      new Run(seed).run();
    }
  }

  private static final class Run {
    final long seed;
    final Random random;
    final View view = new View();
    final Map<String, Stewardship> stewards = new HashMap<>();
    final int gateways;
    final int units;
    final boolean rebalance;
    final Loads loads;
    Instant now = Entries.NOW;
    int moves;

    Run(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      this.gateways = 2 + random.nextInt(4);
      this.units = 1 + random.nextInt(30);
      this.rebalance = random.nextBoolean();
      this.loads = random.nextBoolean() ? Loads.UNKNOWN : KnownLoads.of(loads());
      for (int i = 1; i <= gateways; i++) {
        register("gw" + i, i);
      }
      for (int i = 0; i < units; i++) {
        view.apply(Entries.unit("u" + i, 1, Phase.UNOWNED, 0, "", preference()));
      }
    }

    private Map<String, Double> loads() {
      Map<String, Double> some = new HashMap<>();
      for (int i = 0; i < units; i++) {
        some.put("u" + i, random.nextInt(3) == 0 ? Math.exp(random.nextDouble() * 8) : 0);
      }
      return some;
    }

    private String[] preference() {
      List<String> names = new ArrayList<>();
      for (int i = random.nextInt(3); i > 0; i--) {
        String name = "gw" + (1 + random.nextInt(gateways));
        if (!names.contains(name)) {
          names.add(name);
        }
      }
      return names.toArray(String[]::new);
    }

    private void register(String name, int group) {
      GatewayEntry before = view.lastOf(name).orElse(null);
      String incarnation = name + "-p" + (before == null ? 1 : before.version() + 1);
      GatewayEntry fresh = Entries.gateway(name, 1, State.UP, incarnation, group);
      view.apply(
          before == null
              ? fresh
              : new GatewayEntry(
                  name,
                  before.version() + 1,
                  State.UP,
                  incarnation,
                  group,
                  fresh.portals(),
                  fresh.relay(),
                  "",
                  "",
                  1,
                  now,
                  "registered",
                  before.service(),
                  before.flaps(),
                  before.formerOfNext(),
                  before.takeover()));
      stewards.put(
          name,
          new Stewardship(
              name,
              incarnation,
              new Movements.Policy(true, Duration.ofSeconds(20), rebalance, EVEN, AT_ONCE),
              loads));
    }

    void run() {
      for (int step = 0; step < 400; step++) {
        if (random.nextInt(12) == 0) {
          happens();
        }
        round(random.nextInt(4) > 0);
      }
      // Whatever has failed comes back, and what was slow is not any more: some stay out of
      // service.
      for (GatewayEntry gateway : view.gateways()) {
        if (gateway.state() != State.UP) {
          register(gateway.name(), gateway.portGroup());
        }
      }
      if (view.gateways().stream().noneMatch(GatewayEntry::inService)) {
        duty("gw1", Duty.IN_SERVICE);
      }
      // Longer than every damper.
      for (int step = 0; step < 600; step++) {
        now = now.plusSeconds(10);
        round(true);
      }
      moves = 0;
      for (int step = 0; step < 200; step++) {
        now = now.plusSeconds(10);
        round(true);
      }
      assertEquals(0, moves, why("it goes on moving"));
      for (UnitEntry unit : view.units()) {
        Ownership owned = unit.ownership();
        assertEquals(Phase.SERVING, owned.phase(), why(unit.toString()));
        GatewayEntry owner = view.gateway(owned.owner()).orElseThrow();
        assertEquals(owner.incarnation(), owned.incarnation(), why(unit.toString()));
        assertTrue(owner.inService(), why(owner + " owns " + unit));
        for (String preferred : unit.preferred()) {
          if (view.gateway(preferred).orElseThrow().inService()) {
            assertEquals(preferred, owned.owner(), why(unit.toString()));
            break;
          }
        }
      }
      if (rebalance && loads == Loads.UNKNOWN) {
        balanced();
      }
    }

    /** What has no preference is not on a gateway that owns two more than another. */
    private void balanced() {
      Map<String, Integer> counts = new HashMap<>();
      view.gateways().stream()
          .filter(GatewayEntry::inService)
          .forEach(gateway -> counts.put(gateway.name(), 0));
      view.units().forEach(unit -> counts.merge(unit.ownership().owner(), 1, Integer::sum));
      int least = counts.values().stream().min(Integer::compare).orElse(0);
      for (UnitEntry unit : view.units()) {
        assertTrue(
            !unit.preferred().isEmpty() || counts.get(unit.ownership().owner()) - least < 2,
            why(unit + " of " + counts));
      }
    }

    private String why(String what) {
      return "seed " + seed + ": " + what;
    }

    private void happens() {
      GatewayEntry gateway = view.gateways().get(random.nextInt(gateways));
      switch (random.nextInt(6)) {
        case 0 -> {
          if (gateway.state() == State.UP) {
            view.apply(gateway.next(State.FAILED, now, "by chance", gateway.flapsWhenItFails(now)));
          }
        }
        case 1, 2 -> {
          if (gateway.state() != State.UP || random.nextInt(4) == 0) {
            register(gateway.name(), gateway.portGroup());
          }
        }
        case 3 -> duty(gateway.name(), Duty.DRAINING);
        case 4 -> duty(gateway.name(), Duty.IN_SERVICE);
        default -> {
          UnitEntry unit = view.units().get(random.nextInt(units));
          view.apply(unit.nextPreferred(List.of(preference())));
        }
      }
    }

    private void duty(String gateway, Duty duty) {
      view.apply(view.gateway(gateway).orElseThrow().next(new Service(duty, now, "by chance")));
    }

    /** Every steward looks once; then the entities and the owners do a step, or not. */
    private void round(boolean onward) {
      now = now.plus(TICK);
      for (GatewayEntry gateway : view.gateways()) {
        if (gateway.state() != State.UP) {
          continue;
        }
        Stewardship.Plan plan =
            stewards.get(gateway.name()).look(view, List.of(), Set.of(), Set.of(), now);
        assertTrue(plan.moves().size() <= AT_ONCE, why("too many at once"));
        assertEquals(List.of(), plan.failures(), why("nothing was observed of anybody"));
        for (Stewardship.TakeOver takeOver : plan.takeOvers()) {
          takenOver(takeOver, gateway);
        }
        for (Stewardship.Move move : plan.moves()) {
          moves++;
          assertTrue(move.to().inService(), why(move + " to one that is out of service"));
          assertTrue(
              view.unit(move.unit().id()).orElseThrow().ownership().owner().equals(gateway.name()),
              why("not the owner's to move"));
          moved(move);
        }
        if (plan.emptied()) {
          duty(gateway.name(), Duty.DRAINED);
        }
      }
      if (onward) {
        Set<String> done = new HashSet<>();
        view.units().forEach(unit -> step(unit, done));
      }
    }

    private void takenOver(Stewardship.TakeOver takeOver, GatewayEntry by) {
      UnitEntry unit = view.unit(takeOver.unit().id()).orElseThrow();
      if (unit.version() == takeOver.unit().version()) {
        Ownership before = unit.ownership();
        owned(unit, Phase.ACQUIRING, before.epoch() + 1, by, "", before.refusedBy());
      }
    }

    private void moved(Stewardship.Move move) {
      UnitEntry unit = view.unit(move.unit().id()).orElseThrow();
      Ownership before = unit.ownership();
      if (before.phase() == Phase.SERVING) {
        view.apply(
            unit.next(
                new Ownership(
                    Phase.RELEASING,
                    before.epoch(),
                    before.owner(),
                    before.incarnation(),
                    move.to().name(),
                    now,
                    move.cause(),
                    List.of(),
                    List.of()),
                unit.shared()));
      }
    }

    private void owned(
        UnitEntry unit,
        Phase phase,
        long epoch,
        GatewayEntry owner,
        String successor,
        List<String> refusedBy) {
      view.apply(
          unit.next(
              new Ownership(
                  phase,
                  epoch,
                  owner.name(),
                  owner.incarnation(),
                  successor,
                  now,
                  "",
                  List.of(),
                  refusedBy),
              unit.shared()));
    }

    /** What the owner of a unit does next, if it lives. */
    private void step(UnitEntry unit, Set<String> done) {
      Ownership owned = unit.ownership();
      GatewayEntry owner = view.gateway(owned.owner()).orElse(null);
      boolean lives =
          owner != null
              && owner.state() == State.UP
              && owner.incarnation().equals(owned.incarnation());
      if (!lives || !done.add(unit.id())) {
        return;
      }
      if (owned.phase() == Phase.ACQUIRING) {
        owned(unit, Phase.SERVING, owned.epoch(), owner, "", List.of());
      } else if (owned.phase() == Phase.RELEASING) {
        GatewayEntry to = view.gateway(owned.successor()).orElseThrow();
        owned(unit, Phase.ACQUIRING, owned.epoch() + 1, to, "", List.of());
      }
    }
  }
}

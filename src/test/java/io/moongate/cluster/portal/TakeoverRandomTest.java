package io.moongate.cluster.portal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.view.GatewayEntry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * All gateways of a cluster over one wire: hosts lose power and come back, processes stand still,
 * end and are started anew, links are unplugged, messages are late, lost and in another order,
 * removals fail. No address is ever on two hosts that are not its own, nor on any while its own
 * gateway is up with its portals open; and in the end all is as it should be.
 */
class TakeoverRandomTest {
  private static final int RUNS = 60;
  private static final int STEPS = 1_500;
  private static final long LOOK = Duration.ofMillis(100).toNanos();
  private static final long LEASE = Duration.ofSeconds(3).toNanos();
  private static final long LEASE_OUT = LEASE * 11 / 10;
  private static final Takeover.Settings SETTINGS = new Takeover.Settings(Duration.ofSeconds(5));

  @Test
  void whateverHappens() {
    long first = System.nanoTime();
    System.out.println("seeds from " + first + ", and the next " + (RUNS - 1));
    int taken = 0;
    int returned = 0;
    for (long seed = first; seed < first + RUNS; seed++) {
      Run run = new Run(seed);
      run.run();
      taken += run.taken;
      returned += run.returned;
    }
    assertTrue(taken > RUNS && returned > RUNS, taken + " held, " + returned + " came back");
  }

  private static final class Process {
    final String name;
    final int group;
    final String incarnation;
    final Wire.Host host;
    final Map<String, GatewayEntry> view = new TreeMap<>();
    Takeover takeover;
    OwnPortals own;
    boolean paused;
    boolean ended;
    boolean opened;

    /** Cut off from all others, or paused: since then no ping was acknowledged. */
    long silentSince = -1;

    long leaseUntil;

    Process(String name, int group, String incarnation, Wire.Host host) {
      this.name = name;
      this.group = group;
      this.incarnation = incarnation;
      this.host = host;
    }
  }

  private record Message(long due, String to, Gateway.Command command) {}

  private record Push(long due, Process to, GatewayEntry entry) {}

  private static final class Run {
    final long seed;
    final Random random;
    final Wire wire = new Wire();
    final int count;
    final Map<String, Gateway.State> entities = new TreeMap<>();
    final Map<String, Process> processes = new TreeMap<>();
    final Set<String> members = new HashSet<>();
    final Map<String, Integer> incarnations = new HashMap<>();
    final List<Message> messages = new ArrayList<>();
    final List<Push> pushes = new ArrayList<>();
    boolean calm;
    int taken;
    int returned;
    long decisions;

    Run(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      this.count = 2 + random.nextInt(3);
      for (int group = 1; group <= count; group++) {
        String name = "gw" + group;
        wire.host(name, PortalEntries.address(group));
        entities.put(name, PortalEntries.nothing());
        start(name, group);
      }
    }

    void start(String name, int group) {
      String incarnation = name + "-p" + incarnations.merge(name, 1, Integer::sum);
      Process process = new Process(name, group, incarnation, wire.hosts.get(name));
      Takeover.Entities tell =
          (to, command) -> {
            if (reachesOthers(process) && (calm || random.nextInt(5) > 0)) {
              messages.add(new Message(wire.now + late(), to, command));
            }
          };
      process.takeover =
          new Takeover(
              name,
              incarnation,
              SETTINGS,
              () -> process.leaseUntil - wire.now > 0,
              process.host,
              tell);
      process.own = new OwnPortals(name, incarnation, SETTINGS, process.host, tell);
      processes.put(name, process);
      members.add(incarnation);
      // It succeeds the one before: registered, and its view complete.
      apply(name, registeredAfter(name, group, incarnation));
      entities.forEach(
          (other, state) -> state.entry().ifPresent(entry -> process.view.put(other, entry)));
    }

    private Gateway.State registeredAfter(String name, int group, String incarnation) {
      return PortalEntries.registered(entities.get(name), name, group, incarnation, true);
    }

    boolean reachesOthers(Process process) {
      return !process.ended && !process.paused && process.host.on && process.silentSince < 0;
    }

    long late() {
      long most = calm ? 200 : random.nextInt(20) == 0 ? 8_000 : 600;
      return random.nextLong(most) * 1_000_000;
    }

    void apply(String name, Gateway.State state) {
      entities.put(name, state);
      for (Process process : processes.values()) {
        pushes.add(new Push(wire.now + late(), process, state.entry().orElseThrow()));
      }
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        if (random.nextInt(25) == 0) {
          happens();
        }
        step();
      }
      calm = true;
      String without = random.nextBoolean() ? "gw1" : "";
      heal(without);
      for (int step = 0; step < 1_200; step++) {
        step();
      }
      requireWhole(without);
    }

    void happens() {
      Process process = some();
      switch (random.nextInt(9)) {
        case 0, 1 -> {
          process.host.powerOff();
          process.ended = true;
        }
        case 2 -> process.host.on = true;
        case 3 -> pause(process, true);
        case 4 -> pause(process, false);
        case 5 -> cut(process);
        case 6 -> mend(process);
        case 7 -> process.ended = true;
        default -> process.host.removalsFail = random.nextInt(3) == 0;
      }
      if (process.host.on && process.ended && random.nextBoolean()) {
        restart(process);
      }
    }

    Process some() {
      return List.copyOf(processes.values()).get(random.nextInt(count));
    }

    void pause(Process process, boolean now) {
      process.paused = now && !process.ended;
      silent(process);
    }

    void cut(Process process) {
      process.host.plugged = false;
      silent(process);
    }

    void mend(Process process) {
      process.host.plugged = true;
      silent(process);
    }

    void silent(Process process) {
      boolean silent = process.paused || !process.host.plugged || !process.host.on;
      process.silentSince = !silent ? -1 : process.silentSince < 0 ? wire.now : process.silentSince;
    }

    /** Its supervisor starts it; it can register when it reaches the others. */
    void restart(Process process) {
      if (process.host.plugged) {
        members.remove(process.incarnation);
        start(process.name, process.group);
        returned++;
      }
    }

    void heal(String without) {
      for (Process process : List.copyOf(processes.values())) {
        process.host.removalsFail = false;
        if (process.name.equals(without)) {
          process.host.powerOff();
          process.ended = true;
          continue;
        }
        process.host.on = true;
        process.paused = false;
        mend(process);
        if (process.ended) {
          restart(process);
        }
      }
    }

    void step() {
      wire.now += LOOK;
      deliver();
      for (Process process : List.copyOf(processes.values())) {
        judge(process);
        live(process);
      }
      requireSafe();
    }

    void deliver() {
      for (Message message : List.copyOf(messages)) {
        if (message.due() <= wire.now) {
          messages.remove(message);
          handle(message);
        }
      }
      for (Push push : List.copyOf(pushes)) {
        if (push.due() <= wire.now) {
          pushes.remove(push);
          if (reachesOthers(push.to())) {
            push.to()
                .view
                .merge(
                    push.entry().name(),
                    push.entry(),
                    (before, now) -> now.version() > before.version() ? now : before);
          } else if (!push.to().ended) {
            pushes.add(new Push(wire.now + LOOK, push.to(), push.entry()));
          }
        }
      }
    }

    void handle(Message message) {
      Gateway.State state = entities.get(message.to());
      if (message.command() instanceof Gateway.HoldPortal asked) {
        if (state.mayHold(asked, members::contains)) {
          taken++;
          // Each decision has an instant of its own.
          apply(
              message.to(),
              state.apply(TakeoverTest.held(asked, PortalEntries.WHEN.plusNanos(++decisions))));
        }
      } else if (message.command() instanceof Gateway.ReleasePortal asked
          && state.holds(asked.held())) {
        apply(message.to(), state.apply(TakeoverTest.released(asked)));
      }
    }

    /**
     * The cluster: a process has failed when it has ended, or its lease has run out for certain.
     */
    void judge(Process process) {
      GatewayEntry entry = entities.get(process.name).entry().orElseThrow();
      if (entry.state() != GatewayEntry.State.UP
          || !entry.incarnation().equals(process.incarnation)) {
        return;
      }
      boolean out = process.silentSince >= 0 && wire.now - process.silentSince > LEASE_OUT;
      if ((process.ended || out) && (calm || random.nextInt(10) == 0)) {
        members.remove(process.incarnation);
        apply(
            process.name,
            entities.get(process.name).apply(PortalEntries.failed(process.incarnation)));
      }
    }

    void live(Process process) {
      if (calm && process.ended && process.host.on) {
        restart(process);
        return;
      }
      if (process.ended || process.paused || !process.host.on || random.nextInt(4) == 0) {
        return;
      }
      if (process.silentSince < 0) {
        GatewayEntry known = process.view.get(process.name);
        if (known.incarnation().equals(process.incarnation)
            && known.state() == GatewayEntry.State.FAILED) {
          process.ended = true; // It learns that it was expelled.
          return;
        }
        if (members.contains(process.incarnation)) {
          process.leaseUntil = wire.now + LEASE;
        }
      }
      process.takeover.look(process.view.values(), wire.now);
      try {
        process.opened |= process.own.look(process.view.values(), wire.now);
      } catch (IOException impossible) {
        throw new AssertionError(impossible);
      }
    }

    void requireSafe() {
      for (int group = 1; group <= count; group++) {
        String address = PortalEntries.address(group);
        Set<String> takers = wire.takersOf(address);
        assertTrue(takers.size() <= 1, () -> "seed " + seed + ": " + takers + " have " + address);
        Process own = processes.get("gw" + group);
        GatewayEntry entry = entities.get(own.name).entry().orElseThrow();
        boolean serves =
            own.opened
                && !own.ended
                && entry.state() == GatewayEntry.State.UP
                && entry.incarnation().equals(own.incarnation);
        assertTrue(
            !serves || takers.isEmpty(),
            () -> "seed " + seed + ": " + takers + " have " + address + " of a gateway that is up");
      }
    }

    void requireWhole(String without) {
      for (Process process : processes.values()) {
        String address = PortalEntries.address(process.group);
        GatewayEntry entry = entities.get(process.name).entry().orElseThrow();
        if (process.name.equals(without)) {
          assertEquals(1, wire.takersOf(address).size(), () -> "seed " + seed + ": " + entry);
        } else {
          assertTrue(process.opened && !process.ended, () -> "seed " + seed + ": " + entry);
          assertEquals(List.of(), entry.takeover().held(), () -> "seed " + seed);
        }
      }
    }
  }
}

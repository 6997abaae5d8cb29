package io.moongate.cluster.portal;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.HeldPortal;
import io.moongate.cluster.view.PortalAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a gateway does about the portal addresses of gateways that have failed: it asks their
 * entities for them, has its host have what is on record as its own to hold, and gives that up
 * again. Plain: time, view and link go in. Not thread-safe.
 *
 * <p>An address is added only while its gateway is on record as failed, this one is on record as
 * its holder and has its lease, and nobody on the link answers for it. It is given up when one of
 * these does not hold any more ({@code docs/decisions/0029-address-takeover.md}).
 */
public final class Takeover {
  private static final Logger LOG = LoggerFactory.getLogger(Takeover.class);

  /**
   * How it is done.
   *
   * @param lifetime after which the kernel removes an address that is not prolonged; whole seconds
   */
  public record Settings(Duration lifetime) {
    /** After which an address is gone from the host of a process that holds no lease any more. */
    Duration gone() {
      return lifetime.multipliedBy(11).dividedBy(10).plusSeconds(1);
    }
  }

  /** What is told to the entity of a gateway; unanswered, and repeated. */
  public interface Entities {
    void tell(String gateway, Gateway.Command command);
  }

  static final int PROBES = 3;
  static final Duration PROBE_EVERY = Duration.ofMillis(200);
  static final Duration ANSWERED_WITHIN = Duration.ofMillis(300);

  /** How long nobody's having answered counts. */
  static final Duration CLEAN_FOR = Duration.ofSeconds(2);

  /** Between two looks whether somebody else has what is held. */
  static final Duration CHECK = Duration.ofSeconds(1);

  static final int ANNOUNCEMENTS = 3;

  /** Of each gateway in turn, before the next one asks as well. */
  static final Duration TURN = Duration.ofMillis(1_500);

  /** After somebody else was heard. */
  static final Duration AFTER_CONFLICT = Duration.ofSeconds(10);

  /** After what this host can't do. */
  static final Duration AFTER_FAILURE = Duration.ofSeconds(60);

  static final Duration REPEAT = Duration.ofSeconds(1);

  /** Held at the same time; what is more is another gateway's. */
  static final int MOST = 16;

  private final String self;
  private final String incarnation;
  private final Settings settings;
  private final BooleanSupplier leased;
  private final PortalLink link;
  private final Entities entities;
  private final Map<Turn.Key, Turn> turns = new LinkedHashMap<>();

  /** What is given up and still on record, with when that was told last. */
  private final Map<HeldPortal, Long> given = new LinkedHashMap<>();

  /**
   * @param self name of this gateway
   * @param incarnation its process
   * @param leased whether it holds its lease at this moment
   */
  public Takeover(
      String self,
      String incarnation,
      Settings settings,
      BooleanSupplier leased,
      PortalLink link,
      Entities entities) {
    this.self = self;
    this.incarnation = incarnation;
    this.settings = settings;
    this.leased = leased;
    this.link = link;
    this.entities = entities;
  }

  /**
   * Looks once and does what is to be done; often enough for an address to be prolonged in time.
   *
   * @param gateways all of the view, those that were removed too
   */
  public void look(Collection<GatewayEntry> gateways, long now) {
    Map<Turn.Key, GatewayEntry> candidates = candidates(gateways);
    for (Turn turn : List.copyOf(turns.values())) {
      if (!candidates.containsKey(turn.key)) {
        if (turn.here) {
          drop(turn, "its gateway is not on record as failed any more", now);
        }
        if (now - turn.lingersUntil >= 0) {
          turns.remove(turn.key);
        }
      }
    }
    Map<String, String> heard = heard();
    candidates.forEach(
        (key, subject) -> {
          Turn turn = turns.computeIfAbsent(key, fresh -> new Turn(fresh, now));
          String other = heard.get(key.address());
          try {
            if (other != null) {
              conflict(turn, other, now);
            } else {
              step(turn, subject, gateways, now);
            }
          } catch (IOException failure) {
            failed(turn, failure, now);
          }
        });
    releaseWhatIsNotHeld(gateways, candidates, now);
    if (turns.isEmpty()) {
      link.rest();
    }
  }

  /** Addresses that this host has because of it. */
  public Set<String> here() {
    Set<String> held = new HashSet<>();
    turns.values().stream().filter(turn -> turn.here).forEach(turn -> held.add(turn.key.address()));
    return held;
  }

  /** Gives all up: this process ends. */
  public void end(Collection<GatewayEntry> gateways, long now) {
    turns.values().stream()
        .filter(turn -> turn.here)
        .forEach(turn -> drop(turn, "its holder stops", now));
    for (GatewayEntry gateway : gateways) {
      for (HeldPortal held : gateway.takeover().held()) {
        if (held.by(self, incarnation) && !lingers(held.address(), now)) {
          giveUp(gateway.name(), held, "its holder stops", now);
        }
      }
    }
    turns.clear();
    link.close();
  }

  private Map<String, String> heard() {
    if (turns.isEmpty()) {
      return Map.of();
    }
    try {
      return link.heard();
    } catch (IOException failure) {
      LOG.warn("event=portal-link-not-heard reason=\"{}\"", failure.toString());
      return Map.of();
    }
  }

  /** Addresses of failed gateways that this one could hold. */
  private Map<Turn.Key, GatewayEntry> candidates(Collection<GatewayEntry> gateways) {
    Map<Turn.Key, GatewayEntry> all = new LinkedHashMap<>();
    boolean up =
        gateways.stream()
            .anyMatch(
                each ->
                    each.name().equals(self)
                        && each.incarnation().equals(incarnation)
                        && each.state() == GatewayEntry.State.UP);
    if (!up) {
      return all;
    }
    Set<String> inUse = inUse(gateways);
    for (GatewayEntry gateway : gateways) {
      if (gateway.state() != GatewayEntry.State.FAILED
          || !gateway.takeover().allowed()
          || gateway.name().equals(self)) {
        continue;
      }
      for (PortalAddress portal : gateway.portals()) {
        Turn.Key key = new Turn.Key(gateway.name(), gateway.incarnation(), portal.address());
        boolean held = Optional.ofNullable(turns.get(key)).filter(turn -> turn.here).isPresent();
        if (!inUse.contains(portal.address())
            && (held || (all.size() < MOST && link.reaches(portal.address())))) {
          all.put(key, gateway);
        }
      }
    }
    return all;
  }

  /** What other gateways say to be theirs: a mistake in a configuration is not made worse. */
  private static Set<String> inUse(Collection<GatewayEntry> gateways) {
    Set<String> addresses = new HashSet<>();
    for (GatewayEntry gateway : gateways) {
      addresses.add(gateway.relay().address());
      if (gateway.state() == GatewayEntry.State.UP) {
        gateway.portals().forEach(portal -> addresses.add(portal.address()));
      }
    }
    return addresses;
  }

  private void step(Turn turn, GatewayEntry subject, Collection<GatewayEntry> gateways, long now)
      throws IOException {
    Optional<HeldPortal> holder = subject.takeover().holder(turn.key.address());
    boolean own = holder.filter(each -> each.by(self, incarnation)).isPresent();
    boolean mine = own && !given.containsKey(holder.get());
    if (!leased.getAsBoolean()) {
      if (turn.here) {
        drop(turn, "the lease was lost", now);
      }
      turn.forgetProbes();
      return;
    }
    boolean others = !mine && holder.filter(each -> lives(each, gateways)).isPresent();
    if (turn.here && !mine) {
      drop(turn, "it is not on record as held here", now);
    }
    if (others || now - turn.restsUntil < 0) {
      turn.forgetProbes();
      turn.holderGone = false;
    } else if (turn.here) {
      keep(turn, now);
    } else if ((mine || isFree(turn, holder.isPresent(), subject, gateways, now))
        && !link.has(turn.key.address())
        && isClean(turn, now)) {
      requireRefusal(subject);
      if (mine) {
        begin(turn, now);
      } else {
        ask(turn, now);
      }
    }
  }

  /** Whether it is this gateway's turn to ask, and a former holder's host has it no more. */
  private boolean isFree(
      Turn turn,
      boolean formerHolder,
      GatewayEntry subject,
      Collection<GatewayEntry> gateways,
      long now) {
    if (formerHolder) {
      if (!turn.holderGone) {
        turn.holderGone = true;
        turn.holderGoneSince = now;
      }
      if (now - turn.holderGoneSince < settings.gone().toNanos()) {
        return false;
      }
    }
    return now - turn.since >= TURN.multipliedBy(rank(subject, gateways)).toNanos();
  }

  /** This gateway's place among those that may, beginning after the name of the failed one. */
  private int rank(GatewayEntry subject, Collection<GatewayEntry> gateways) {
    List<String> names = new ArrayList<>();
    gateways.stream()
        .filter(each -> each.state() == GatewayEntry.State.UP && each.takeover().allowed())
        .map(GatewayEntry::name)
        .sorted(
            Comparator.comparing((String name) -> name.compareTo(subject.name()) < 0)
                .thenComparing(name -> name))
        .forEach(names::add);
    return Math.max(0, names.indexOf(self));
  }

  static boolean lives(HeldPortal holder, Collection<GatewayEntry> gateways) {
    return gateways.stream()
        .anyMatch(
            each ->
                holder.by(each.name(), each.incarnation())
                    && each.state() == GatewayEntry.State.UP);
  }

  /** Whether nobody on the link answers for it, after so many probes that are sent meanwhile. */
  private boolean isClean(Turn turn, long now) throws IOException {
    if (turn.clean && now - turn.cleanAt < CLEAN_FOR.toNanos()) {
      return true;
    } else if (turn.clean) {
      turn.forgetProbes();
    }
    if (turn.probes < PROBES) {
      if (turn.probes == 0 || now - turn.probedAt >= PROBE_EVERY.toNanos()) {
        link.probe(turn.key.address());
        turn.probes++;
        turn.probedAt = now;
      }
      return false;
    }
    turn.clean = now - turn.probedAt >= ANSWERED_WITHIN.toNanos();
    turn.cleanAt = now;
    return turn.clean;
  }

  private void ask(Turn turn, long now) {
    if (!turn.asked || now - turn.askedAt >= REPEAT.toNanos()) {
      turn.asked = true;
      turn.askedAt = now;
      entities.tell(
          turn.key.gateway(),
          new Gateway.HoldPortal(turn.key.incarnation(), turn.key.address(), self, incarnation));
    }
  }

  /** That connections to the address would be refused here. */
  private void requireRefusal(GatewayEntry subject) throws IOException {
    for (PortalAddress portal : subject.portals()) {
      if (link.isListenedOn(portal.port())) {
        throw new IOException(
            "a process of this host listens on port %d at every address: connections would not be"
                    .formatted(portal.port())
                + " refused");
      }
    }
  }

  private void begin(Turn turn, long now) throws IOException {
    hold(turn, now);
    if (turn.here) {
      turn.announcements = ANNOUNCEMENTS;
      announce(turn, now);
      LOG.warn(
          "event=portal-held gateway={} incarnation={} address={}",
          turn.key.gateway(),
          turn.key.incarnation(),
          turn.key.address());
    }
  }

  private void keep(Turn turn, long now) throws IOException {
    if (now - turn.renewedAt >= settings.lifetime().dividedBy(5).toNanos()) {
      hold(turn, now);
    }
    if (turn.here && now - turn.probedAt >= CHECK.toNanos()) {
      turn.probedAt = now;
      link.probe(turn.key.address());
    }
    if (turn.here && turn.announcements > 0 && now - turn.announcedAt >= CHECK.toNanos()) {
      announce(turn, now);
    }
  }

  private void hold(Turn turn, long now) throws IOException {
    link.hold(turn.key.address(), settings.lifetime());
    turn.here = true;
    turn.renewedAt = now;
    // This process may have stood still between the question and its consequence.
    if (!leased.getAsBoolean()) {
      drop(turn, "the lease was lost", now);
    }
  }

  private void announce(Turn turn, long now) throws IOException {
    turn.announcements--;
    turn.announcedAt = now;
    link.announce(turn.key.address());
  }

  private void conflict(Turn turn, String other, long now) {
    boolean resting = now - turn.restsUntil < 0;
    if (turn.here) {
      drop(turn, other + " has it", now);
    } else if (!resting && !other.equals(turn.other)) {
      LOG.info(
          "event=portal-not-held gateway={} incarnation={} address={} reason=\"{} has it\"",
          turn.key.gateway(),
          turn.key.incarnation(),
          turn.key.address(),
          other);
    }
    turn.other = other;
    turn.restUntil(now + AFTER_CONFLICT.toNanos());
  }

  private void failed(Turn turn, IOException failure, long now) {
    LOG.error(
        "event=portal-not-held gateway={} incarnation={} address={} reason=\"{}\"",
        turn.key.gateway(),
        turn.key.incarnation(),
        turn.key.address(),
        failure.getMessage());
    if (turn.here) {
      drop(turn, "of a failure", now);
    }
    turn.restUntil(now + AFTER_FAILURE.toNanos());
  }

  /** If that fails the kernel removes it in time. */
  private void drop(Turn turn, String cause, long now) {
    turn.here = false;
    turn.forgetProbes();
    try {
      link.drop(turn.key.address());
      LOG.warn(
          "event=portal-released gateway={} incarnation={} address={} reason=\"{}\"",
          turn.key.gateway(),
          turn.key.incarnation(),
          turn.key.address(),
          cause);
    } catch (IOException failure) {
      turn.lingersUntil = now + settings.gone().toNanos();
      LOG.error(
          "event=portal-not-released address={} reason=\"{}\"",
          turn.key.address(),
          failure.getMessage());
    }
  }

  /** What is on record as held here, and neither is nor will be, is taken off the record. */
  private void releaseWhatIsNotHeld(
      Collection<GatewayEntry> gateways, Map<Turn.Key, GatewayEntry> candidates, long now) {
    Set<HeldPortal> recorded = new HashSet<>();
    for (GatewayEntry gateway : gateways) {
      for (HeldPortal held : gateway.takeover().held()) {
        if (held.by(self, incarnation)) {
          recorded.add(held);
          Turn.Key key = new Turn.Key(gateway.name(), gateway.incarnation(), held.address());
          boolean wanted =
              candidates.containsKey(key)
                  && now - turns.get(key).restsUntil >= 0
                  && !given.containsKey(held);
          if (!wanted && !lingers(held.address(), now)) {
            giveUp(gateway.name(), held, "it is not wanted any more", now);
          }
        }
      }
    }
    given.keySet().retainAll(recorded);
  }

  /** Also where it was held of a process that another has succeeded by now. */
  private boolean lingers(String address, long now) {
    return turns.values().stream()
        .anyMatch(
            turn ->
                turn.key.address().equals(address) && (turn.here || now - turn.lingersUntil < 0));
  }

  /** From here on it is not added by the same decision, however late that is on record. */
  private void giveUp(String gateway, HeldPortal held, String cause, long now) {
    Long before = given.get(held);
    if (before == null || now - before >= REPEAT.toNanos()) {
      given.put(held, now);
      entities.tell(gateway, new Gateway.ReleasePortal(held, cause));
    }
  }
}

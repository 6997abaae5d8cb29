package io.moongate.cluster.view;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A gateway in the view.
 *
 * @param name unique in the cluster
 * @param version version of this entry
 * @param state what the cluster holds of it
 * @param incarnation id of the process that registered last (a UUID)
 * @param portGroup target port group id, portal group tag and relative target port identifier of
 *     this gateway; 1 to 65535, unique in the cluster, stable for ever
 * @param portals where initiators connect
 * @param relay where other gateways connect to relay commands
 * @param managementUrl base URL of its HTTP API
 * @param softwareVersion version of Moongate that it runs
 * @param pid its process id on its host
 * @param since when {@code state} or {@code incarnation} changed last
 * @param cause why it changed
 * @param service whether units are to be owned by it; in service where that was not kept
 * @param flaps how often its processes have failed since one of them was up for {@link
 *     #FLAP_MEMORY}: units go back to it the later for that
 * @param former incarnations that registered before, the latest last and at most {@link #FORMER} of
 *     them: only of one of these is {@code incarnation} the successor, for a replica may have a
 *     unit's newer entry beside an older one of its owner
 * @param takeover whether its portal addresses may be held by others once it has failed, and are
 */
public record GatewayEntry(
    String name,
    long version,
    State state,
    String incarnation,
    int portGroup,
    List<PortalAddress> portals,
    PortalAddress relay,
    String managementUrl,
    String softwareVersion,
    long pid,
    Instant since,
    String cause,
    Service service,
    int flaps,
    List<String> former,
    Takeover takeover)
    implements ViewEntry {

  /** How many former incarnations are kept. */
  static final int FORMER = 64;

  /** A process that was up for so long leaves no doubt of those before it. */
  public static final Duration FLAP_MEMORY = Duration.ofHours(1);

  /** What the cluster holds of a gateway. */
  public enum State {
    /** Registered and not known to have failed. */
    UP,
    /** Decided to have failed; comes back by registering as a new incarnation. */
    FAILED,
    /** Left in good order. */
    STOPPED,
    /** Removed by the operator for good; a process of its name registers as a newcomer. */
    REMOVED
  }

  /** Whether units are to be owned by a gateway. */
  public enum Duty {
    /** Yes. */
    IN_SERVICE,
    /** No: what it owns is moved away, and nothing is placed on it. */
    DRAINING,
    /** No: it was seen to own nothing any more. */
    DRAINED
  }

  /**
   * Whether units are to be owned by a gateway, as its operator wants it; it outlives the process.
   *
   * @param since when that changed
   * @param cause why
   */
  public record Service(Duty duty, Instant since, String cause) {
    /** As a gateway begins. */
    public static final Service FROM_THE_BEGINNING =
        new Service(Duty.IN_SERVICE, Instant.EPOCH, "");
  }

  /**
   * What becomes of its portal addresses once it has failed.
   *
   * @param allowed whether others may hold them, as its process says that registered last
   * @param held those that others hold, or have held when they ended
   */
  public record Takeover(boolean allowed, List<HeldPortal> held) {
    /** They stay where they are. */
    public static final Takeover NONE = new Takeover(false, List.of());

    public Takeover {
      held = held == null ? List.of() : List.copyOf(held);
    }

    /** Who holds the address. */
    public Optional<HeldPortal> holder(String address) {
      return held.stream().filter(each -> each.address().equals(address)).findFirst();
    }

    /** With another holder of its address, or the first one. */
    Takeover with(HeldPortal holder) {
      List<HeldPortal> all = new ArrayList<>(without(holder.address()).held());
      all.add(holder);
      return new Takeover(allowed, all);
    }

    /** With nobody who holds the address. */
    Takeover without(String address) {
      return new Takeover(
          allowed, held.stream().filter(each -> !each.address().equals(address)).toList());
    }
  }

  /**
   * Its processes that acknowledge nobody's lease any more: those before the present one, which it
   * could only succeed when they were gone, and the present one when it has stopped in good order
   * (it says so after it has ceased) or the operator has declared it gone.
   */
  public List<String> gone() {
    boolean present = state == State.STOPPED || state == State.REMOVED;
    List<String> all = new ArrayList<>(former);
    if (present) {
      all.add(incarnation);
    }
    return all;
  }

  public GatewayEntry {
    portals = List.copyOf(portals);
    service = service == null ? Service.FROM_THE_BEGINNING : service;
    former = former == null ? List.of() : List.copyOf(former);
    takeover = takeover == null ? Takeover.NONE : takeover;
  }

  /** A gateway in service that has never failed. */
  public GatewayEntry(
      String name,
      long version,
      State state,
      String incarnation,
      int portGroup,
      List<PortalAddress> portals,
      PortalAddress relay,
      String managementUrl,
      String softwareVersion,
      long pid,
      Instant since,
      String cause) {
    this(
        name,
        version,
        state,
        incarnation,
        portGroup,
        portals,
        relay,
        managementUrl,
        softwareVersion,
        pid,
        since,
        cause,
        Service.FROM_THE_BEGINNING,
        0,
        List.of(),
        Takeover.NONE);
  }

  /** Whether its process came after the one of that incarnation. */
  public boolean succeeds(String other) {
    return former.contains(other);
  }

  /** The former incarnations of whoever registers next. */
  public List<String> formerOfNext() {
    List<String> all = new ArrayList<>(former);
    all.add(incarnation);
    return all.subList(Math.max(0, all.size() - FORMER), all.size());
  }

  /** Whether units may be placed on it, as far as its operator is concerned. */
  public boolean inService() {
    return service.duty() == Duty.IN_SERVICE;
  }

  /** The next version, in another state. */
  public GatewayEntry next(State newState, Instant at, String why, int newFlaps) {
    return copy(version + 1, newState, at, why, service, newFlaps, takeover);
  }

  /** The next version, with another duty. */
  public GatewayEntry next(Service newService) {
    return copy(version + 1, state, since, cause, newService, flaps, takeover);
  }

  /** The next version, with an address of its portals held by another gateway. */
  public GatewayEntry held(HeldPortal holder) {
    return copy(version + 1, state, since, cause, service, flaps, takeover.with(holder));
  }

  /** The next version, with nobody who holds the address. */
  public GatewayEntry released(String address) {
    return copy(version + 1, state, since, cause, service, flaps, takeover.without(address));
  }

  /** How often it has failed, when its process is found to have ended badly at that time. */
  public int flapsWhenItFails(Instant at) {
    boolean lasted = state == State.UP && !since.plus(FLAP_MEMORY).isAfter(at);
    return lasted ? 1 : flaps + 1;
  }

  private GatewayEntry copy(
      long newVersion,
      State newState,
      Instant at,
      String why,
      Service newService,
      int newFlaps,
      Takeover newTakeover) {
    return new GatewayEntry(
        name,
        newVersion,
        newState,
        incarnation,
        portGroup,
        portals,
        relay,
        managementUrl,
        softwareVersion,
        pid,
        at,
        why,
        newService,
        newFlaps,
        former,
        newTakeover);
  }

  /** The same as failed, of the same version: what this entry is about to become. */
  public GatewayEntry failed(String why) {
    return copy(version, State.FAILED, since, why, service, flaps, takeover);
  }

  @Override
  public String entityId() {
    return "gateway|" + name;
  }
}

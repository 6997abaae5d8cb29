package io.moongate;

import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.ChapSecrets.Purpose;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnitNumber;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TargetDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The targets of the view as this gateway exports them. */
final class ExportedTargets implements TargetDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(ExportedTargets.class);

  private final View view;
  private final String gateway;
  private final ExportedUnits units;
  private final ChapSecrets secrets;
  private final Admission discovery;

  /** The last inventory of each target, so that a login need not look at each LUN. */
  private final Map<String, Counted> counted = new ConcurrentHashMap<>();

  /** An inventory, and the very mappings that it is of. */
  private record Counted(Map<Integer, String> luns, long generation, long inventory) {}

  /**
   * Version of each target that an error was logged for: once, however often one tries to log in.
   */
  private final Map<String, Long> complained = new ConcurrentHashMap<>();

  /**
   * @param secrets decrypts what the view has
   * @param discovery how discovery sessions are admitted
   */
  ExportedTargets(
      View view, String gateway, ExportedUnits units, ChapSecrets secrets, Admission discovery) {
    this.view = view;
    this.gateway = gateway;
    this.units = units;
    this.secrets = secrets;
    this.discovery = discovery;
  }

  @Override
  public Optional<TargetDevice> target(String name, String initiator) {
    return view.target(name)
        .filter(target -> target.exportedBy(gateway))
        .flatMap(
            target ->
                view.gateway(gateway).map(self -> new Device(name, self.portGroup(), initiator)));
  }

  @Override
  public List<Entry> entries(String initiator) {
    List<Entry> entries = new ArrayList<>();
    for (TargetEntry target : view.targets()) {
      if (!target.exportedBy(gateway) || !target.access().allows(initiator)) {
        continue;
      }
      List<Portal> portals = new ArrayList<>();
      for (GatewayEntry exporter : view.gateways()) {
        if (target.exportedBy(exporter.name())) {
          exporter
              .portals()
              .forEach(
                  portal ->
                      portals.add(
                          new Portal(portal.address(), portal.port(), exporter.portGroup())));
        }
      }
      entries.add(new Entry(target.name(), portals));
    }
    return entries;
  }

  @Override
  public Admission admission(Optional<String> target, String initiator) {
    if (target.isEmpty()) {
      return discovery;
    }
    return view.target(target.get())
        .filter(entry -> entry.exportedBy(gateway) && entry.access().allows(initiator))
        .map(entry -> admission(entry, initiator))
        .orElse(Admission.REFUSED);
  }

  private Admission admission(TargetEntry entry, String initiator) {
    String target = entry.name();
    Optional<ChapEntry> own = entry.access().of(initiator).flatMap(InitiatorEntry::chap);
    Optional<ChapEntry> required = own.or(entry.access()::chap);
    if (required.isEmpty()) {
      return Admission.OPEN;
    }
    try {
      Credentials ofInitiator =
          opened(
              own.isPresent()
                  ? Purpose.initiator(target, initiator)
                  : Purpose.everyInitiator(target),
              required.get());
      Optional<Credentials> ofTarget = Optional.empty();
      if (entry.access().mutualChap().isPresent()) {
        ofTarget = Optional.of(opened(Purpose.target(target), entry.access().mutualChap().get()));
      }
      if (ofTarget.filter(mutual -> mutual.secret().equals(ofInitiator.secret())).isPresent()) {
        return refused(entry, initiator, "both ends have the same secret: set another for one");
      }
      return new Admission(true, Optional.of(ofInitiator), ofTarget, Optional.empty());
    } catch (ChapSecrets.Unavailable unreadable) {
      return refused(entry, initiator, unreadable.getMessage());
    }
  }

  private Credentials opened(Purpose purpose, ChapEntry entry) throws ChapSecrets.Unavailable {
    return new Credentials(entry.user(), secrets.open(purpose, entry.sealed()));
  }

  private Admission refused(TargetEntry entry, String initiator, String reason) {
    Long before = complained.put(entry.name(), entry.version());
    if (before == null || before != entry.version()) {
      LOG.error(
          "event=chap-secret-unusable target={} initiator={} reason=\"{}\"",
          entry.name(),
          initiator,
          reason);
    }
    return Admission.REFUSED;
  }

  /** A target; its LUNs are looked up in the view each time, so that a new mapping is seen. */
  private final class Device implements TargetDevice {
    private final String name;
    private final int portalGroupTag;
    private final String initiator;
    private final LongSupplier mappings;
    private volatile Seen seen = new Seen(0, Map.of());

    Device(String name, int portalGroupTag, String initiator) {
      this.name = name;
      this.portalGroupTag = portalGroupTag;
      this.initiator = initiator;
      this.mappings = view.mappings(name);
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int portalGroupTag() {
      return portalGroupTag;
    }

    /** What the initiator sees; the mask is worked out once for each version of the target. */
    private Map<Integer, String> mapped() {
      TargetEntry entry = view.target(name).orElse(null);
      if (entry == null) {
        return Map.of();
      }
      Seen last = seen;
      if (last.version() != entry.version()) {
        last = new Seen(entry.version(), entry.lunsFor(initiator));
        seen = last;
      }
      return last.luns();
    }

    @Override
    public Optional<LogicalUnit> unit(long lun) {
      return Optional.ofNullable(mapped().get(LogicalUnitNumber.number(lun)))
          .flatMap(view::unit)
          .map(units::unit);
    }

    @Override
    public boolean explicitAlua() {
      return view.target(name).filter(TargetEntry::explicitAlua).isPresent();
    }

    @Override
    public long generation() {
      return mappings.getAsLong();
    }

    @Override
    public long inventory() {
      // Before what is counted: a change in between is counted again.
      long generation = generation();
      Map<Integer, String> luns = mapped();
      Counted before = counted.get(name);
      if (before != null && before.luns() == luns && before.generation() == generation) {
        return before.inventory();
      }
      long sum = sum(luns);
      counted.put(name, new Counted(luns, generation, sum));
      return sum;
    }

    private long sum(Map<Integer, String> luns) {
      long sum = 0;
      for (Map.Entry<Integer, String> lun : luns.entrySet()) {
        Optional<UnitEntry> unit = view.unit(lun.getValue());
        if (unit.isPresent()) {
          // NAAs are unique, and those of neighbours differ by one: both are spread, one by one.
          sum += spread(spread(lun.getKey() + 1L) + unit.get().naa());
        }
      }
      return sum;
    }

    /** Lets each bit reach all others: one to one, so that nothing is lost on the way. */
    private static long spread(long value) {
      long mixed = (value ^ value >>> 32) * 0x9E3779B97F4A7C15L;
      mixed = (mixed ^ mixed >>> 29) * 0xD6E8FEB86659FD93L;
      return mixed ^ mixed >>> 32;
    }

    @Override
    public List<Long> luns() {
      List<Long> luns = new ArrayList<>();
      mapped()
          .forEach(
              (number, unit) -> {
                if (view.unit(unit).isPresent()) {
                  luns.add(LogicalUnitNumber.lun(number));
                }
              });
      return luns;
    }
  }

  /** What an initiator sees of a version of a target: LUN number to id of the logical unit. */
  private record Seen(long version, Map<Integer, String> luns) {}
}

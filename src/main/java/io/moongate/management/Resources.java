package io.moongate.management;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.ViewSource;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.Paths;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.management.api.Chap;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.Evidence;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Path;
import io.moongate.management.api.Target;
import io.moongate.scsi.shared.Rollback;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The view as the records of the API. Lists are lazy, so that what is held of one in memory is
 * references into the view and not the answer, and sorted: gateways and targets by name, logical
 * units by target and LUN, paths by target, LUN, gateway and portal.
 */
final class Resources {

  /** Where a logical unit is mapped. */
  record Mapping(String target, int lun) {}

  private record MappedUnit(Optional<Mapping> mapping, List<Mapping> all, UnitEntry unit) {
    /** A unit at each of its places. */
    static List<MappedUnit> of(UnitEntry unit, List<Mapping> all) {
      return all.isEmpty()
          ? List.of(new MappedUnit(Optional.empty(), all, unit))
          : all.stream().map(at -> new MappedUnit(Optional.of(at), all, unit)).toList();
    }

    /** By target and LUN; those that no target maps come last, by id. */
    static final Comparator<MappedUnit> ORDER =
        Comparator.comparing((MappedUnit mapped) -> mapped.mapping().isEmpty())
            .thenComparing(mapped -> mapped.mapping().map(Mapping::target).orElse(""))
            .thenComparing(mapped -> mapped.mapping().map(Mapping::lun).orElse(0))
            .thenComparing(mapped -> mapped.unit().id());
  }

  private Resources() {}

  static Stream<Gateway> gateways(ViewSource metadata) {
    View view = metadata.view();
    Map<String, Owned> owned = owned(metadata);
    List<Observation> observations = metadata.observations();
    return view.gateways().stream().map(entry -> gateway(entry, owned, observations));
  }

  static Optional<Gateway> gateway(ViewSource metadata, String name) {
    return metadata
        .view()
        .gateway(name)
        .map(entry -> gateway(entry, owned(metadata), metadata.observations()));
  }

  /** A gateway, which the replica may not know as it is. */
  static Gateway gateway(Metadata metadata, GatewayEntry entry) {
    return gateway(entry, owned(metadata), metadata.observations());
  }

  static Stream<Target> targets(View view) {
    return view.targets().stream().map(entry -> target(entry, view));
  }

  static Target target(TargetEntry entry, View view) {
    List<String> gateways =
        entry.gateways().isEmpty()
            ? view.gateways().stream().map(GatewayEntry::name).toList()
            : entry.gateways().stream().sorted().toList();
    List<Target.Mapping> luns = new ArrayList<>(entry.luns().size());
    entry.luns().forEach((lun, id) -> luns.add(new Target.Mapping(lun, id)));
    TargetAccess access = entry.access();
    return new Target(
        entry.name(),
        gateways,
        entry.gateways().isEmpty(),
        luns,
        entry.since(),
        word(access.mode()),
        access.initiators().size(),
        chap(access.chap()),
        chap(access.mutualChap()),
        entry.explicitAlua());
  }

  static Stream<Initiator> initiators(TargetEntry entry) {
    return entry.access().initiators().entrySet().stream()
        .map(listed -> initiator(listed.getKey(), listed.getValue()));
  }

  static Initiator initiator(String name, InitiatorEntry entry) {
    return new Initiator(
        name,
        chap(entry.chap()),
        entry.luns().map(Resources::luns).orElse(null),
        entry.remark().orElse(null));
  }

  private static List<Initiator.Lun> luns(Map<Integer, Integer> mask) {
    List<Initiator.Lun> luns = new ArrayList<>(mask.size());
    mask.forEach((lun, targetLun) -> luns.add(new Initiator.Lun(lun, targetLun)));
    return luns;
  }

  private static Chap chap(Optional<ChapEntry> entry) {
    return entry.map(set -> Chap.of(set.user())).orElse(null);
  }

  /** Where a unit is mapped, by target and LUN. */
  static List<Mapping> mappings(View view, String unitId) {
    List<Mapping> mappings = new ArrayList<>();
    for (TargetEntry target : view.targetsOf(unitId)) {
      target
          .luns()
          .forEach(
              (lun, id) -> {
                if (id.equals(unitId)) {
                  mappings.add(new Mapping(target.name(), lun));
                }
              });
    }
    return mappings;
  }

  static Optional<LogicalUnit> unit(ViewSource metadata, String id) {
    return metadata.view().unit(id).map(entry -> unit(metadata, entry));
  }

  /**
   * The logical units, each once for every place where it is mapped.
   *
   * @param target those of this target; empty for all
   * @param lun those of this number; empty for all
   * @param owner those that this gateway owns; empty for all
   */
  static Stream<LogicalUnit> units(
      ViewSource metadata, Optional<String> target, OptionalInt lun, Optional<String> owner) {
    View view = metadata.view();
    Map<String, List<Mapping>> mappings = new HashMap<>();
    for (TargetEntry entry : view.targets()) {
      entry
          .luns()
          .forEach(
              (n, id) ->
                  mappings
                      .computeIfAbsent(id, absent -> new ArrayList<>(1))
                      .add(new Mapping(entry.name(), n)));
    }
    Predicate<MappedUnit> wanted =
        mapped ->
            (target.isEmpty() || mapped.mapping().map(Mapping::target).equals(target))
                && (lun.isEmpty()
                    || mapped.mapping().filter(at -> at.lun() == lun.getAsInt()).isPresent())
                && (owner.isEmpty() || mapped.unit().ownership().owner().equals(owner.get()));
    return view.units().stream()
        .flatMap(
            entry -> MappedUnit.of(entry, mappings.getOrDefault(entry.id(), List.of())).stream())
        .filter(wanted)
        .sorted(MappedUnit.ORDER)
        .map(mapped -> unit(metadata, mapped.unit(), mapped.mapping(), mapped.all()));
  }

  /** A unit, which the replica may not know yet as it is. */
  static LogicalUnit unit(ViewSource metadata, UnitEntry entry) {
    return unit(metadata, entry, mappings(metadata.view(), entry.id()));
  }

  static LogicalUnit unit(ViewSource metadata, UnitEntry entry, List<Mapping> mappings) {
    return unit(metadata, entry, mappings.stream().findFirst(), mappings);
  }

  private static LogicalUnit unit(
      ViewSource metadata, UnitEntry entry, Optional<Mapping> mapping, List<Mapping> mappings) {
    UnitEntry.Ownership ownership = entry.ownership();
    return new LogicalUnit(
        entry.id(),
        mapping.map(Mapping::target).orElse(null),
        mapping.map(Mapping::lun).orElse(null),
        entry.designator().text(),
        entry.serial(),
        entry.size(),
        entry.blockSize(),
        entry.store(),
        entry.volume(),
        entry.attributes().imported().isPresent(),
        entry.preferred(),
        nullIfEmpty(ownership.owner()),
        ownership.epoch(),
        word(ownership.phase()),
        ownership.since(),
        ownership.cause(),
        ownership.evidence().stream().map(Resources::evidence).toList(),
        ownership.refusedBy(),
        entry.growingTo() == 0 ? null : entry.growingTo(),
        mappings.stream().map(each -> new LogicalUnit.Mapping(each.target(), each.lun())).toList(),
        entry.attributes().removable(),
        entry.ejected(),
        entry.removalPrevented(),
        entry.attributes().readOnly(),
        word(entry.attributes().provisioning()),
        entry.attributes().physicalBlockSize(),
        entry
            .attributes()
            .clonedFrom()
            .map(from -> new CreateLun.Source(from.unitId(), from.snapshot()))
            .orElse(null),
        Optional.ofNullable(entry.shared().rollback())
            .filter(Rollback::going)
            .map(Rollback::snapshot)
            .orElse(null),
        tenths(metadata.load(entry.id())));
  }

  /**
   * The paths, one for each portal.
   *
   * @param target those of this target; empty for all
   * @param lun those of this number; empty for all
   * @param gateway those through this gateway; empty for all
   */
  static Stream<Path> paths(
      View view, Optional<String> target, OptionalInt lun, Optional<String> gateway) {
    // Target by target: 100,000 units through 64 gateways are more paths than fit in memory.
    return view.targets().stream()
        .filter(entry -> target.isEmpty() || entry.name().equals(target.get()))
        .flatMap(entry -> Paths.of(only(entry, lun, view)).stream().sorted(PATH_ORDER))
        .filter(path -> gateway.isEmpty() || path.gateway().equals(gateway.get()))
        .flatMap(Resources::portals);
  }

  private static final Comparator<Paths.Path> PATH_ORDER =
      Comparator.comparingInt(Paths.Path::lun).thenComparing(Paths.Path::gateway);

  /** The part of the view that the paths of one target depend on. */
  private static View only(TargetEntry target, OptionalInt lun, View view) {
    Map<Integer, String> luns = new HashMap<>(target.luns());
    if (lun.isPresent()) {
      luns.keySet().retainAll(List.of(lun.getAsInt()));
    }
    View part = new View();
    view.gateways().forEach(part::apply);
    part.apply(
        new TargetEntry(
            target.name(),
            target.version(),
            target.gateways(),
            luns,
            target.deleted(),
            target.since()));
    luns.values().forEach(id -> view.unit(id).ifPresent(part::apply));
    return part;
  }

  private static Stream<Path> portals(Paths.Path path) {
    Stream<String> portals =
        path.portals().isEmpty()
            ? Stream.of((String) null)
            : path.portals().stream().map(PortalAddress::toString).sorted();
    return portals.map(
        portal ->
            new Path(
                path.lun(),
                path.target(),
                path.unitId(),
                path.gateway(),
                portal,
                path.portGroup(),
                path.state(),
                nullIfEmpty(path.owner()),
                path.epoch(),
                path.since(),
                path.cause()));
  }

  private record Owned(int units, double load) {
    static final Owned NOTHING = new Owned(0, 0);

    Owned plus(double more) {
      return new Owned(units + 1, load + more);
    }
  }

  private static Map<String, Owned> owned(ViewSource metadata) {
    Map<String, Owned> owned = new HashMap<>();
    for (UnitEntry unit : metadata.view().units()) {
      String owner = unit.ownership().owner();
      owned.put(owner, owned.getOrDefault(owner, Owned.NOTHING).plus(metadata.load(unit.id())));
    }
    return owned;
  }

  private static double tenths(double load) {
    return Math.round(load * 10) / 10.0;
  }

  private static Gateway gateway(
      GatewayEntry entry, Map<String, Owned> owned, List<Observation> observations) {
    Owned own = owned.getOrDefault(entry.name(), Owned.NOTHING);
    return new Gateway(
        entry.name(),
        word(entry.state()),
        entry.portals().stream().map(PortalAddress::toString).toList(),
        entry.portGroup(),
        entry.softwareVersion(),
        entry.pid(),
        entry.incarnation(),
        entry.since(),
        entry.cause(),
        own.units(),
        tenths(own.load()),
        entry.managementUrl(),
        word(entry.service().duty()),
        entry.inService() ? null : entry.service().cause(),
        observations.stream()
            .filter(
                seen ->
                    seen.subject().equals(entry.name())
                        && seen.incarnation().equals(entry.incarnation()))
            .map(Resources::evidence)
            .sorted(EVIDENCE_ORDER)
            .toList());
  }

  static final Comparator<Evidence> EVIDENCE_ORDER =
      Comparator.comparing(Evidence::at)
          .thenComparing(Evidence::observer)
          .thenComparing(Evidence::kind);

  static Evidence evidence(Observation observation) {
    return new Evidence(
        observation.observer(),
        observation.subject(),
        observation.incarnation(),
        nullIfEmpty(observation.part()),
        word(observation.kind()),
        observation.at(),
        observation.detail());
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String nullIfEmpty(String text) {
    return text.isEmpty() ? null : text;
  }
}

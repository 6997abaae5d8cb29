package io.moongate.cli;

import io.moongate.management.api.CreateLun;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.MapLun;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** Plans what is asked for logical units, by their volumes, and where they are mapped. */
final class ConfigurationLuns {
  /** Units of this store are gone with the gateway's process. */
  private static final String MEMORY = "memory";

  private final ConfigurationPlan plan;

  ConfigurationLuns(ConfigurationPlan plan) {
    this.plan = plan;
  }

  /** Adds steps for one, when its targets are planned and before who sees it. */
  void add(Configuration.Lun lun) {
    String name =
        "LUN %s (NAA %s)"
            .formatted(
                lun.mappings().stream()
                    .map(Configuration.Place::toString)
                    .collect(Collectors.joining(", ")),
                lun.naa());
    Optional<LogicalUnit> unit = plan.present().unit(lun);
    if (unit.isPresent()) {
      addPlaces(lun, name, unit.get());
    } else if (lun.store().equals(MEMORY)) {
      withhold(lun, "its blocks were in the memory of a gateway, and are gone");
      plan.leaveOut(name + ": its blocks were in the memory of a gateway, and are gone");
    } else if (lun.mappings().isEmpty()) {
      plan.leaveOut(
          "the LUN of id %s is mapped nowhere: moongate lun create --volume %s --store %s --former-unit %s ..."
              .formatted(lun.id(), lun.volume(), lun.store(), lun.id()));
    } else {
      addUnit(lun, name);
    }
  }

  private void withhold(Configuration.Lun lun, String reason) {
    lun.mappings().forEach(place -> plan.withhold(ConfigurationPlan.lun(place), reason));
  }

  /** A unit that is there: it is mapped where it is not yet, and left as it is otherwise. */
  private void addPlaces(Configuration.Lun lun, String name, LogicalUnit now) {
    String unit = unit(lun);
    if (!now.store().equals(lun.store()) || !now.volume().equals(lun.volume())) {
      String here = "here it is volume %s of store %s".formatted(now.volume(), now.store());
      plan.leaveOut(
          "%s is volume %s of store %s: %s".formatted(name, lun.volume(), lun.store(), here));
      plan.withhold(unit, here);
      withhold(lun, here);
    } else if (now.readOnly() != lun.readOnly()) {
      String here = now.readOnly() ? "it is read-only here" : "it can be written here";
      plan.leaveOut(
          "%s: %s, and %s in the file"
              .formatted(name, here, lun.readOnly() ? "read-only" : "not read-only"));
      plan.withhold(unit, here);
      withhold(lun, here);
    }
    List<String> preferred = plan.known(lun.preferred(), name);
    if (!preferred.equals(now.preferred())) {
      plan.leaveOut(
          "%s: its preferred gateways are %s in the file, and here %s: moongate lun set"
              .formatted(
                  name, ClientCommand.joined(preferred), ClientCommand.joined(now.preferred())));
    }
    for (Configuration.Place place : lun.mappings()) {
      Optional<Integer> number = plan.present().lun(place.target(), now.id());
      if (number.isPresent() && number.get() != place.lun()) {
        leaveOut(place, "it is LUN %d of that target here".formatted(number.get()));
      } else if (number.isEmpty() && free(place)) {
        map(place, unit, new AtomicReference<>(now.id()));
      }
    }
  }

  /** Whether nothing is mapped there; otherwise what is to be is left out. */
  private boolean free(Configuration.Place place) {
    Optional<String> other = plan.present().at(place);
    other.ifPresent(id -> leaveOut(place, "it is the unit of id %s here".formatted(id)));
    return other.isEmpty();
  }

  private void leaveOut(Configuration.Place place, String reason) {
    plan.leaveOut(ConfigurationPlan.lun(place) + ": " + reason);
    plan.withhold(ConfigurationPlan.lun(place), reason);
  }

  private void addUnit(Configuration.Lun lun, String name) {
    List<Configuration.Place> places = new ArrayList<>();
    for (Configuration.Place place : lun.mappings()) {
      Optional<String> withheld = plan.withheld(ConfigurationPlan.target(place.target()));
      if (withheld.isPresent()) {
        leaveOut(place, withheld.get());
      } else if (free(place)) {
        places.add(place);
      }
    }
    if (places.isEmpty()) {
      return;
    }
    List<String> preferred = plan.known(lun.preferred(), name);
    AtomicReference<String> id = new AtomicReference<>();
    Configuration.Place first = places.get(0);
    CreateLun wanted = wanted(lun, first, preferred);
    plan.step(
        "%s: volume %s of store %s".formatted(name, lun.volume(), lun.store()),
        ConfigurationPlan.lun(first),
        Set.of(ConfigurationPlan.target(first.target())),
        (api, missing) -> id.set(api.as(api.post("/luns", wanted), LogicalUnit.class).id()));
    for (Configuration.Place place : places.subList(1, places.size())) {
      map(place, ConfigurationPlan.lun(first), id);
    }
  }

  /** Without its size: the volume may have grown since. */
  private static CreateLun wanted(
      Configuration.Lun lun, Configuration.Place first, List<String> preferred) {
    return new CreateLun(
        first.target(),
        first.lun(),
        null,
        lun.blockSize(),
        lun.store(),
        preferred,
        lun.removable() ? true : null,
        lun.readOnly() ? true : null,
        lun.provisioning(),
        lun.physicalBlockSize(),
        lun.volume(),
        lun.naa(),
        lun.serial(),
        null,
        lun.id());
  }

  private void map(Configuration.Place place, String unit, AtomicReference<String> id) {
    plan.step(
        "LUN %s is %s"
            .formatted(place, id.get() == null ? "the same unit" : "a unit that is there"),
        ConfigurationPlan.lun(place),
        Set.of(ConfigurationPlan.target(place.target()), unit),
        (api, missing) ->
            api.put(
                "/targets/" + ApiClient.encode(place.target()) + "/luns/" + place.lun(),
                new MapLun(id.get())));
  }

  private static String unit(Configuration.Lun lun) {
    return "the unit of NAA " + lun.naa();
  }
}

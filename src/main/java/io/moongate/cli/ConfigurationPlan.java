package io.moongate.cli;

import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.Chap;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.MapLun;
import io.moongate.management.api.SetAccess;
import io.moongate.management.api.SetChap;
import io.moongate.management.api.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is to be asked of a cluster so that it has what was exported. Nobody can log in to a new
 * target before all of it is there. Every step may be repeated, also while hosts use what is there;
 * what the cluster has beside that stays.
 *
 * @param leftOut what can't be restored, or not yet
 * @param notes what hosts or operators may notice
 */
record ConfigurationPlan(List<Step> steps, List<String> leftOut, List<String> notes) {

  /** A request, or some of which one needs another's answer. */
  record Step(String what, Action action) {}

  /** Asks for something. */
  interface Action {
    void run(ApiClient api);
  }

  /** Units of this store are gone with the gateway's process. */
  private static final String MEMORY = "memory";

  /**
   * What a cluster has already.
   *
   * @param initiators by target, those on its list
   */
  record There(
      Map<String, Gateway> gateways,
      Map<String, Target> targets,
      Map<String, Map<String, Initiator>> initiators,
      Map<String, LogicalUnit> units) {

    static There of(ApiClient api) {
      Map<String, Gateway> gateways = new HashMap<>();
      api.asList(api.get("/gateways"), Gateway.class)
          .forEach(each -> gateways.put(each.name(), each));
      Map<String, Target> targets = new HashMap<>();
      Map<String, Map<String, Initiator>> initiators = new HashMap<>();
      for (Target each : api.asList(api.get("/targets"), Target.class)) {
        targets.put(each.name(), each);
        initiators.put(
            each.name(),
            api.asList(api.get(path(each.name()) + "/initiators"), Initiator.class).stream()
                .collect(Collectors.toMap(Initiator::initiator, one -> one)));
      }
      Map<String, LogicalUnit> units = new HashMap<>();
      api.asList(api.get("/luns"), LogicalUnit.class).forEach(each -> units.put(each.id(), each));
      return new There(gateways, targets, initiators, units);
    }

    /** Whether credentials with this user are set, so that their secret can stay. */
    private boolean hasChap(String target, String user) {
      return has(targets.get(target) == null ? null : targets.get(target).chap(), user);
    }

    private boolean hasMutualChap(String target, String user) {
      return has(targets.get(target) == null ? null : targets.get(target).mutualChap(), user);
    }

    private boolean hasChap(String target, String initiator, String user) {
      Initiator one = initiators.getOrDefault(target, Map.of()).get(initiator);
      return has(one == null ? null : one.chap(), user);
    }

    private static boolean has(Chap chap, String user) {
      return chap != null && chap.user().equals(user);
    }
  }

  /** Makes the plan. */
  static ConfigurationPlan of(Configuration from, There there, ConfigurationSecrets secrets) {
    ConfigurationPlan plan =
        new ConfigurationPlan(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    from.targets().forEach(target -> plan.addTarget(target, there));
    from.luns().forEach(lun -> plan.addLun(lun, there));
    from.targets().forEach(target -> plan.addAccess(target, there, secrets, from));
    from.gateways().forEach(gateway -> plan.addNotes(gateway, there));
    if (!from.luns().isEmpty()) {
      plan.notes.add(
          "reservations, snapshots' roll-backs and what hosts have set by MODE SELECT are not in an"
              + " export: hosts of a cluster of their own have to register anew");
    }
    return plan;
  }

  private void addTarget(Configuration.Target target, There there) {
    List<String> gateways = known(target.gateways(), there, "target " + target.name());
    if (target.gateways() != null && gateways.isEmpty()) {
      throw ApiException.refused(
          "Target %s is exported by %s, and none of them has registered: start them first"
              .formatted(target.name(), String.join(", ", target.gateways())));
    }
    step(
        "target " + target.name(),
        api ->
            api.post(
                "/targets",
                new CreateTarget(
                    target.name(),
                    target.gateways() == null ? null : gateways,
                    target.explicitAlua() ? Boolean.TRUE : null)));
    Target now = there.targets().get(target.name());
    if (now == null || now.luns().isEmpty()) {
      step(
          "nobody may log in to %s yet".formatted(target.name()),
          api -> api.put(path(target.name()) + "/access", new SetAccess("listed")));
    }
  }

  /** Those that the cluster knows; the others are noted. */
  private List<String> known(List<String> gateways, There there, String of) {
    if (gateways == null) {
      return List.of();
    }
    List<String> known = gateways.stream().filter(there.gateways()::containsKey).toList();
    if (known.size() < gateways.size()) {
      notes.add(
          "%s names gateways that have not registered, and is restored without: %s"
              .formatted(
                  of,
                  gateways.stream()
                      .filter(name -> !known.contains(name))
                      .collect(Collectors.joining(", "))));
    }
    return known;
  }

  private void addLun(Configuration.Lun lun, There there) {
    String name = "LUN %s (NAA %s)".formatted(places(lun), lun.naa());
    if (there.units().containsKey(lun.id())) {
      lun.mappings().forEach(place -> map(place, lun.id()));
    } else if (lun.store().equals(MEMORY)) {
      leftOut.add(name + ": its blocks were in the memory of a gateway, and are gone");
    } else if (lun.mappings().isEmpty()) {
      leftOut.add(
          "the LUN of id %s is mapped nowhere: moongate lun create --volume %s --store %s --former-unit %s ..."
              .formatted(lun.id(), lun.volume(), lun.store(), lun.id()));
    } else {
      step(
          "%s: volume %s of store %s".formatted(name, lun.volume(), lun.store()),
          create(lun, known(lun.preferred(), there, name)));
    }
  }

  private static String places(Configuration.Lun lun) {
    return lun.mappings().stream()
        .map(Configuration.Place::toString)
        .collect(Collectors.joining(", "));
  }

  /** Its new id is known by the answer, and needed for the places beside the first. */
  private static Action create(Configuration.Lun lun, List<String> preferred) {
    Configuration.Place first = lun.mappings().get(0);
    // Without its size: the volume may have grown since.
    CreateLun wanted =
        new CreateLun(
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
    return api -> {
      String id = api.as(api.post("/luns", wanted), LogicalUnit.class).id();
      for (Configuration.Place place : lun.mappings().subList(1, lun.mappings().size())) {
        api.put(path(place.target()) + "/luns/" + place.lun(), new MapLun(id));
      }
    };
  }

  private void map(Configuration.Place place, String id) {
    step(
        "LUN %s is the unit of id %s, which is there".formatted(place, id),
        api -> api.put(path(place.target()) + "/luns/" + place.lun(), new MapLun(id)));
  }

  private void addAccess(
      Configuration.Target target, There there, ConfigurationSecrets secrets, Configuration from) {
    String name = target.name();
    boolean complete = true;
    if (target.mutualChapUser() != null) {
      complete =
          credentials(
              "mutual CHAP of " + name,
              path(name) + "/mutual-chap",
              target.mutualChapUser(),
              secrets.mutualChap(name),
              there.hasMutualChap(name, target.mutualChapUser()));
    }
    if (target.chapUser() != null) {
      complete &=
          credentials(
              "CHAP of " + name,
              path(name) + "/chap",
              target.chapUser(),
              secrets.chap(name),
              there.hasChap(name, target.chapUser()));
    }
    for (Configuration.Host host : target.initiators()) {
      addHost(target, host, there, secrets, from);
    }
    if (complete) {
      step(
          "access to %s: %s".formatted(name, target.access()),
          api -> api.put(path(name) + "/access", new SetAccess(target.access())));
    } else {
      leftOut.add(
          "access to %s: %s, for a secret is missing: only its list may log in"
              .formatted(name, target.access()));
    }
  }

  /** Whether the credentials will be there. */
  private boolean credentials(
      String what, String path, String user, Optional<String> secret, boolean kept) {
    if (secret.isEmpty() && !kept) {
      leftOut.add(what + ", user " + user + ": its secret is not given");
      return false;
    }
    step(what, api -> api.put(path, new SetChap(user, secret.orElse(null))));
    return true;
  }

  private void addHost(
      Configuration.Target target,
      Configuration.Host host,
      There there,
      ConfigurationSecrets secrets,
      Configuration from) {
    String what = "initiator %s of %s".formatted(host.initiator(), target.name());
    SetChap chap = null;
    if (host.chapUser() != null) {
      Optional<String> secret = secrets.initiator(target.name(), host.initiator());
      if (secret.isEmpty() && !there.hasChap(target.name(), host.initiator(), host.chapUser())) {
        leftOut.add(what + ", CHAP user " + host.chapUser() + ": its secret is not given");
        return;
      }
      chap = new SetChap(host.chapUser(), secret.orElse(null));
    }
    List<Initiator.Lun> seen = seen(target, host, there, from);
    AllowInitiator wanted = new AllowInitiator(chap, seen, host.remark());
    step(
        "%s sees %s".formatted(what, LunMask.text(seen)),
        api ->
            api.put(
                path(target.name()) + "/initiators/" + ApiClient.encode(host.initiator()), wanted));
  }

  /** What it sees without what is left out, which the API would refuse to name. */
  private List<Initiator.Lun> seen(
      Configuration.Target target, Configuration.Host host, There there, Configuration from) {
    if (host.luns() == null) {
      return null;
    }
    Set<Integer> luns = new HashSet<>();
    if (there.targets().containsKey(target.name())) {
      there.targets().get(target.name()).luns().forEach(mapping -> luns.add(mapping.lun()));
    }
    from.luns().stream()
        .filter(lun -> restored(lun) || there.units().containsKey(lun.id()))
        .flatMap(lun -> lun.mappings().stream())
        .filter(place -> place.target().equals(target.name()))
        .forEach(place -> luns.add(place.lun()));
    List<Initiator.Lun> seen = new ArrayList<>();
    for (Initiator.Lun lun : host.luns()) {
      if (luns.contains(lun.targetLun() == null ? lun.lun() : lun.targetLun())) {
        seen.add(lun);
      } else {
        leftOut.add(
            "initiator %s of %s: its LUN %d, which is not there"
                .formatted(host.initiator(), target.name(), lun.lun()));
      }
    }
    return seen;
  }

  private static boolean restored(Configuration.Lun lun) {
    return !lun.store().equals(MEMORY) && !lun.mappings().isEmpty();
  }

  private void addNotes(Configuration.Gateway gateway, There there) {
    Gateway now = there.gateways().get(gateway.name());
    if (now == null) {
      notes.add("gateway %s has not registered".formatted(gateway.name()));
    } else {
      if (now.portGroup() != gateway.portGroup()) {
        notes.add(
            ("gateway %s was port group %d and is %d: hosts that keep the number (open-iscsi does) have to"
                    + " repeat the discovery")
                .formatted(gateway.name(), gateway.portGroup(), now.portGroup()));
      }
      if (!"in-service".equals(gateway.service())) {
        notes.add(
            "gateway %s was %s, and is not: moongate gateway drain %s"
                .formatted(gateway.name(), gateway.service(), gateway.name()));
      }
    }
  }

  private static String path(String target) {
    return "/targets/" + ApiClient.encode(target);
  }

  private void step(String what, Action action) {
    steps.add(new Step(what, action));
  }
}

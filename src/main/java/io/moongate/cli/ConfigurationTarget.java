package io.moongate.cli;

import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.Chap;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.SetAccess;
import io.moongate.management.api.SetChap;
import io.moongate.management.api.Target;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Plans what is asked for a target, and for those who may log in. */
final class ConfigurationTarget {
  private static final String LISTED = "listed";

  private final ConfigurationPlan plan;
  private final Configuration.Target target;
  private final ConfigurationSecrets secrets;
  private final Configuration from;
  private final Optional<Target> now;
  private final String name;
  private final String path;

  ConfigurationTarget(
      ConfigurationPlan plan,
      Configuration.Target target,
      ConfigurationSecrets secrets,
      Configuration from) {
    this.plan = plan;
    this.target = target;
    this.secrets = secrets;
    this.from = from;
    name = target.name();
    path = "/targets/" + ApiClient.encode(name);
    now = plan.present().target(name);
  }

  private String chap() {
    return "CHAP of " + name;
  }

  private String mutualChap() {
    return "mutual CHAP of " + name;
  }

  private String list() {
    return "the list of " + name;
  }

  /** Adds the target, so that nobody may log in. */
  void add() {
    String what = ConfigurationPlan.target(name);
    List<String> gateways =
        target.gateways() == null ? List.of() : plan.known(target.gateways(), what);
    if (now.isPresent()) {
      compare(now.get(), gateways);
      if (!plan.present().unopened(name)) {
        if (!now.get().access().equals(LISTED)) {
          plan.withhold(
              what,
              "the target is open here, and nothing is added to it: close it first, moongate target"
                  + " access %s listed".formatted(name));
        }
        return;
      }
    } else if (target.gateways() != null && gateways.isEmpty()) {
      String reason =
          "it is exported by %s, and none of them has registered: start them first"
              .formatted(String.join(", ", target.gateways()));
      plan.leaveOut(what + ": " + reason);
      plan.withhold(what, "its target is left out");
      return;
    }
    CreateTarget wanted =
        new CreateTarget(
            name,
            target.gateways() == null ? null : gateways,
            target.explicitAlua() ? Boolean.TRUE : null);
    plan.step(
        what + ", to which nobody may log in yet",
        what,
        Set.of(),
        (api, missing) -> {
          if (now.isEmpty()) {
            api.post("/targets", wanted);
          }
          api.put(path + "/access", new SetAccess(LISTED));
        });
  }

  private void compare(Target there, List<String> gateways) {
    String what = ConfigurationPlan.target(name);
    boolean same =
        target.gateways() == null
            ? there.everyGateway()
            : !there.everyGateway()
                && new HashSet<>(there.gateways()).equals(new HashSet<>(gateways));
    if (!same) {
      plan.leaveOut(
          "%s is exported by %s in the file, and here by %s"
              .formatted(
                  what,
                  target.gateways() == null ? "every gateway" : String.join(", ", gateways),
                  there.everyGateway() ? "every gateway" : String.join(", ", there.gateways())));
    }
    if (there.explicitAlua() != target.explicitAlua()) {
      plan.leaveOut(
          "%s is %s explicit ALUA in the file, and not here"
              .formatted(what, target.explicitAlua() ? "with" : "without"));
    }
  }

  /** Adds who may log in, when its LUNs are planned. */
  void addAccess() {
    addChap(
        mutualChap(),
        "/mutual-chap",
        target.mutualChapUser(),
        secrets.mutualChap(name),
        user(now.map(Target::mutualChap)));
    addChap(chap(), "/chap", target.chapUser(), secrets.chap(name), user(now.map(Target::chap)));
    target.initiators().forEach(this::addHost);
    if (plan.present().unopened(name)) {
      if (!target.access().equals(LISTED)) {
        // A host that is missing on its list would see every LUN.
        plan.step(
            "access to %s: %s".formatted(name, target.access()),
            "access to " + name,
            Set.of(ConfigurationPlan.target(name), chap(), mutualChap(), list()),
            (api, missing) -> api.put(path + "/access", new SetAccess(target.access())));
      }
    } else if (!now.map(Target::access).equals(Optional.of(target.access()))) {
      plan.leaveOut(
          "access to %s: %s in the file, and here %s: moongate target access"
              .formatted(name, target.access(), now.orElseThrow().access()));
    }
  }

  private static String user(Optional<Chap> chap) {
    return chap.map(Chap::user).orElse(null);
  }

  private void addChap(
      String what, String route, String user, Optional<String> secret, String userNow) {
    if (userNow != null) {
      if (!userNow.equals(user)) {
        plan.leaveOut(
            "%s: user %s in the file, and here %s"
                .formatted(what, ClientCommand.orDash(user), userNow));
        plan.withhold(what, what + " is another one here");
      }
    } else if (user != null && secret.isEmpty()) {
      plan.leaveOut(what + ", user " + user + ": its secret is not given");
      plan.withhold(what, "the secret for " + what + " is not given");
    } else if (user != null) {
      plan.step(
          what,
          what,
          Set.of(ConfigurationPlan.target(name)),
          (api, missing) -> api.put(path + route, new SetChap(user, secret.get())));
    }
  }

  private void addHost(Configuration.Host host) {
    String what = "initiator %s of %s".formatted(host.initiator(), name);
    Initiator there = plan.present().list(name).get(host.initiator());
    List<Initiator.Lun> seen = seen(host, what);
    if (there != null) {
      compare(what, host, seen, there);
      return;
    }
    Optional<String> secret = secrets.initiator(name, host.initiator());
    if (host.chapUser() != null && secret.isEmpty()) {
      plan.leaveOut(what + ", CHAP user " + host.chapUser() + ": its secret is not given");
      plan.withhold(list(), "the secret of " + what + " is not given");
      return;
    }
    Set<String> needs = new HashSet<>(Set.of(ConfigurationPlan.target(name)));
    if (host.chapUser() != null || target.chapUser() != null) {
      needs.add(mutualChap());
    }
    if (host.chapUser() == null) {
      needs.add(chap());
    }
    SetChap credentials =
        host.chapUser() == null ? null : new SetChap(host.chapUser(), secret.get());
    plan.step(
        "%s sees %s".formatted(what, LunMask.text(seen)),
        list(),
        needs,
        (api, missing) ->
            api.put(
                path + "/initiators/" + ApiClient.encode(host.initiator()),
                new AllowInitiator(credentials, there(what, seen, missing), host.remark())));
  }

  private void compare(
      String what, Configuration.Host host, List<Initiator.Lun> seen, Initiator there) {
    String user = user(Optional.ofNullable(there.chap()));
    if (!Objects.equals(host.chapUser(), user)) {
      plan.leaveOut(
          "%s: CHAP user %s in the file, and here %s"
              .formatted(what, ClientCommand.orDash(host.chapUser()), ClientCommand.orDash(user)));
    }
    if (!mask(seen).equals(mask(there.luns()))) {
      plan.leaveOut(
          "%s sees %s in the file, and here %s".formatted(what, mask(seen), mask(there.luns())));
    }
    if (!Objects.equals(host.remark(), there.remark())) {
      plan.leaveOut(
          "%s: its remark is \"%s\" in the file, and here \"%s\""
              .formatted(
                  what, Objects.toString(host.remark(), ""), Objects.toString(there.remark(), "")));
    }
  }

  private static String mask(List<Initiator.Lun> luns) {
    return LunMask.text(
        luns == null
            ? null
            : luns.stream().sorted(Comparator.comparingInt(Initiator.Lun::lun)).toList());
  }

  /**
   * What it sees without what is left out: the API would refuse to name it, or another unit is in
   * its place.
   */
  private List<Initiator.Lun> seen(Configuration.Host host, String what) {
    if (host.luns() == null) {
      return null;
    }
    Set<Configuration.Place> places = new HashSet<>();
    from.luns().forEach(lun -> places.addAll(lun.mappings()));
    List<Initiator.Lun> seen = new ArrayList<>();
    for (Initiator.Lun lun : host.luns()) {
      Configuration.Place place = place(lun);
      if (places.contains(place) && plan.withheld(ConfigurationPlan.lun(place)).isEmpty()) {
        seen.add(lun);
      } else {
        plan.leaveOut("%s: its LUN %d, which is not there".formatted(what, lun.lun()));
      }
    }
    return seen;
  }

  private List<Initiator.Lun> there(
      String what, List<Initiator.Lun> seen, ConfigurationPlan.Missing missing) {
    if (seen == null) {
      return null;
    }
    List<Initiator.Lun> there = new ArrayList<>();
    for (Initiator.Lun lun : seen) {
      if (missing.has(ConfigurationPlan.lun(place(lun)))) {
        missing.leaveOut("%s: its LUN %d, which is not there".formatted(what, lun.lun()));
      } else {
        there.add(lun);
      }
    }
    return there;
  }

  private Configuration.Place place(Initiator.Lun lun) {
    return new Configuration.Place(name, lun.targetLun() == null ? lun.lun() : lun.targetLun());
  }
}

package io.moongate.cli;

import io.moongate.cli.CephIscsiConfiguration.Auth;
import io.moongate.cli.CephIscsiConfiguration.Client;
import io.moongate.cli.CephIscsiConfiguration.Disk;
import io.moongate.cli.CephIscsiConfiguration.Target;
import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.SetAccess;
import io.moongate.management.api.SetChap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What is to be asked of the API so that hosts of ceph-iscsi find their targets, disks and
 * credentials again. Nobody can log in to a new target before its list is complete. Every request
 * may be repeated, also while hosts use what was imported.
 *
 * @param notes what is not taken over, or has to be done beside it
 */
record CephIscsiPlan(List<Step> steps, List<String> notes) {

  /**
   * A request.
   *
   * @param onlyWhileEmpty the path of a target: the request is left out once that has LUNs
   */
  record Step(
      String what, boolean creates, Optional<String> onlyWhileEmpty, String path, Object body) {}

  /**
   * What is asked for.
   *
   * @param pool the pool of the gateways' store, which all images must be in
   * @param targets those that are imported; empty for all
   * @param allowWithoutChap whether clients without CHAP may log in where others have it
   */
  record Wanted(String pool, List<String> targets, boolean allowWithoutChap) {}

  /** Makes passwords readable. */
  interface Passwords {
    String of(String whose, Auth auth);
  }

  /** LIO's NAA of a unit: format 6, its company id, and hexadecimal digits of the serial number. */
  private static final String LIO = "6001405";

  private static final int NAA_DIGITS = 32;

  /** That of the disks of tcmu-runner: hosts keep the alignment that they have. */
  private static final int PHYSICAL_BLOCK_SIZE = 512;

  /**
   * Makes the plan.
   *
   * @throws ApiException when something can't be taken over as it is
   */
  static CephIscsiPlan of(CephIscsiConfiguration from, Wanted wanted, Passwords passwords) {
    CephIscsiPlan plan = new CephIscsiPlan(new ArrayList<>(), new ArrayList<>());
    List<Target> targets = targets(from, wanted);
    CephIscsiRules rules = new CephIscsiRules();
    targets.forEach(rules::check);
    Set<String> disks = new TreeSet<>();
    targets.forEach(target -> disks.addAll(target.luns().keySet()));
    rules.check(disks.stream().map(from.disks()::get).toList(), wanted.pool());
    Map<String, String> homes = new HashMap<>();
    for (Target target : targets) {
      plan.add(target, from.disks(), homes, rules);
      List<Client> clients = plan.clients(target, wanted.allowWithoutChap());
      plan.addAccess(target, clients, passwords, rules);
      plan.addNotes(target);
    }
    rules.requireNone();
    plan.addNotes(from, homes);
    return plan;
  }

  private static List<Target> targets(CephIscsiConfiguration from, Wanted wanted) {
    Set<String> known = from.targets().stream().map(Target::name).collect(Collectors.toSet());
    for (String name : wanted.targets()) {
      if (!known.contains(name)) {
        throw ApiException.refused(
            "There is no target %s in the file; there is %s"
                .formatted(name, known.stream().sorted().collect(Collectors.joining(", "))));
      }
    }
    return from.targets().stream()
        .filter(each -> wanted.targets().isEmpty() || wanted.targets().contains(each.name()))
        .toList();
  }

  private void add(
      Target target, Map<String, Disk> disks, Map<String, String> homes, CephIscsiRules rules) {
    String name = target.name();
    String path = path(target);
    step("target " + name, true, "/targets", new CreateTarget(name, null, null));
    // Before there is anything to be seen in it.
    if (target.listed()) {
      step("only its list may log in to " + name, false, path + "/access", new SetAccess("listed"));
    } else {
      // Of one in use this would end every session.
      steps.add(
          new Step(
              "nobody may log in to %s yet, unless it has LUNs already".formatted(name),
              false,
              Optional.of(path),
              path + "/access",
              new SetAccess("listed")));
    }
    target
        .luns()
        .forEach(
            (id, lun) -> {
              Disk disk = disks.get(id);
              String home = homes.putIfAbsent(id, name);
              if (home != null) {
                rules.inTwo(id, home, name);
              }
              step(
                  "LUN %d: image %s, NAA %s".formatted(lun, id(disk), naa(disk.wwn())),
                  true,
                  "/luns",
                  lun(name, lun, disk));
            });
  }

  /** Those that are put on the list. */
  private List<Client> clients(Target target, boolean allowWithoutChap) {
    List<Client> clients = new ArrayList<>();
    for (Client client : target.clients()) {
      boolean without = client.auths().chap().isEmpty();
      if (without && target.asksForChap() && !allowWithoutChap) {
        notes.add(
            ("%s has no CHAP, so ceph-iscsi refused it at %s, where others have: it is left off the"
                    + " list (--allow-without-chap puts it there)")
                .formatted(client.name(), target.name()));
      } else {
        if (without) {
          notes.add("%s logs in to %s without CHAP".formatted(client.name(), target.name()));
        }
        clients.add(client);
      }
    }
    return clients;
  }

  private void addAccess(
      Target target, List<Client> clients, Passwords passwords, CephIscsiRules rules) {
    String name = target.name();
    Optional<SetChap> mutual = mutual(target, clients, passwords);
    mutual.ifPresent(
        chap -> {
          rules.check("target " + name, chap);
          step("mutual CHAP of " + name, false, path(target) + "/mutual-chap", chap);
        });
    if (target.listed()) {
      for (Client client : clients) {
        Optional<SetChap> chap = chap(client.name(), client.auths().chap(), passwords);
        check("client %s of target %s".formatted(client.name(), name), chap, mutual, rules);
        add(client, chap, target);
      }
    } else {
      Optional<SetChap> chap = chap(name, target.auths().chap(), passwords);
      check("the hosts of target " + name, chap, mutual, rules);
      chap.ifPresent(body -> step("CHAP of " + name, false, path(target) + "/chap", body));
      step(
          "everybody may log in to " + name,
          false,
          path(target) + "/access",
          new SetAccess("open"));
    }
  }

  private static void check(
      String whose, Optional<SetChap> chap, Optional<SetChap> mutual, CephIscsiRules rules) {
    chap.ifPresent(
        own -> {
          rules.check(whose, own);
          mutual.ifPresent(other -> rules.checkDiffer(whose, own, other));
        });
  }

  private void add(Client client, Optional<SetChap> chap, Target target) {
    List<Initiator.Lun> seen = new ArrayList<>();
    client
        .luns()
        .forEach(
            (disk, lun) -> {
              Integer targetLun = target.luns().get(disk);
              if (targetLun == null) {
                throw CephIscsiConfiguration.wrong(
                    "client %s of target %s sees disk %s, which the target does not have"
                        .formatted(client.name(), target.name(), disk));
              }
              seen.add(new Initiator.Lun(lun, targetLun));
            });
    step(
        "initiator %s sees %s".formatted(client.name(), LunMask.text(seen)),
        false,
        path(target) + "/initiators/" + ApiClient.encode(client.name()),
        new AllowInitiator(chap.orElse(null), seen, "from ceph-iscsi"));
  }

  /** Here a target has one name and secret of its own, and there each client had its own. */
  private static Optional<SetChap> mutual(
      Target target, List<Client> clients, Passwords passwords) {
    Set<SetChap> all = new HashSet<>();
    if (target.listed()) {
      for (Client client : clients) {
        chap(client.name(), client.auths().mutual(), passwords).ifPresent(all::add);
      }
    } else {
      chap(target.name(), target.auths().mutual(), passwords).ifPresent(all::add);
    }
    if (all.size() > 1) {
      throw CephIscsiConfiguration.wrong(
          ("target %s authenticates itself to its clients by different credentials (%s); here a target"
                  + " has one: make them the same before")
              .formatted(
                  target.name(),
                  all.stream()
                      .map(SetChap::user)
                      .distinct()
                      .sorted()
                      .collect(Collectors.joining(", "))));
    }
    return all.stream().findFirst();
  }

  /** What hosts of a target will notice. */
  private void addNotes(Target target) {
    String name = target.name();
    if (!target.aclEnabled() && target.listed()) {
      notes.add(
          ("target %s has acl_enabled false, and clients: ceph-iscsi turns its list on again, so only"
                  + " these may log in")
              .formatted(name));
    }
    if (target.controls()) {
      notes.add("settings of target %s are not taken over".formatted(name));
    }
    for (Client client : target.clients()) {
      if (client.controls()) {
        notes.add(
            "settings of client %s of target %s are not taken over".formatted(client.name(), name));
      }
    }
    if (!target.addresses().isEmpty()) {
      notes.add(
          "hosts of %s look for it at %s: give the gateways these addresses, or tell the hosts"
              .formatted(name, String.join(", ", target.addresses())));
    }
  }

  /**
   * What all hosts will notice.
   *
   * @param homes by disk, the target in which it is imported
   */
  private void addNotes(CephIscsiConfiguration from, Map<String, String> homes) {
    if (!steps.isEmpty()) {
      notes.add(
          "portal group tags go by the order in which gateways registered, and ceph-iscsi numbered its"
              + " gateways: open-iscsi keeps the tag and refuses a login when it differs, so repeat the"
              + " discovery there (iscsiadm -m discovery), or register the gateways in the same order");
      notes.add(
          "INQUIRY answers MOONGATE and Moongate rbd where it was LIO-ORG and TCMU device: change device"
              + " sections of multipath.conf, hardware ids of Windows MPIO, claim rules of ESXi");
    }
    if (from.discovery()) {
      notes.add(
          "discovery asked for CHAP: set moongate.iscsi.discovery on every gateway, if it is to");
    }
    for (Disk disk : from.disks().values()) {
      List<String> others =
          from.targets().stream()
              .filter(target -> target.luns().containsKey(disk.id()))
              .map(Target::name)
              .filter(name -> !name.equals(homes.get(disk.id())))
              .toList();
      if (homes.containsKey(disk.id())) {
        if (disk.controls()) {
          notes.add("settings of disk %s are not taken over".formatted(disk.id()));
        }
        if (!others.isEmpty()) {
          notes.add(
              "disk %s is also in %s: map it there (moongate lun map)"
                  .formatted(disk.id(), String.join(", ", others)));
        }
      } else if (others.isEmpty()) {
        notes.add("disk %s is in no target, and stays as it is".formatted(disk.id()));
      }
    }
  }

  private static Optional<SetChap> chap(String whose, Optional<Auth> auth, Passwords passwords) {
    return auth.map(given -> new SetChap(given.user(), passwords.of(whose, given)));
  }

  private static CreateLun lun(String target, int lun, Disk disk) {
    return new CreateLun(
        target,
        lun,
        null,
        null,
        "rbd",
        null,
        null,
        null,
        null,
        PHYSICAL_BLOCK_SIZE,
        id(disk),
        naa(disk.wwn()),
        disk.wwn());
  }

  /** As the store knows its image. */
  private static String id(Disk disk) {
    return disk.pool() + "/" + disk.image();
  }

  private static String path(Target target) {
    return "/targets/" + ApiClient.encode(target.name());
  }

  /** As LIO makes it of the unit serial number. */
  static String naa(String wwn) {
    String digits = wwn.toLowerCase(Locale.ROOT).replaceAll("[^0-9a-f]", "");
    String padded = LIO + digits + "0".repeat(NAA_DIGITS);
    return padded.substring(0, NAA_DIGITS);
  }

  private void step(String what, boolean creates, String path, Object body) {
    steps.add(new Step(what, creates, Optional.empty(), path, body));
  }
}

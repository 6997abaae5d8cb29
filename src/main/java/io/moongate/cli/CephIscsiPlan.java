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
import java.util.stream.Collectors;

/**
 * What is to be asked of the API so that hosts of ceph-iscsi find their targets, disks and
 * credentials again. Nobody can log in to a target before its list is complete. Every request may
 * be repeated.
 *
 * @param notes what is not taken over, or has to be done beside it
 */
record CephIscsiPlan(List<Step> steps, List<String> notes) {

  /** A request. */
  record Step(String what, boolean creates, String path, Object body) {}

  /** Makes passwords readable. */
  interface Passwords {
    String of(String whose, Auth auth);
  }

  /** LIO's NAA of a unit: format 6, its company id, and hexadecimal digits of the serial number. */
  private static final String LIO = "6001405";

  private static final int NAA_DIGITS = 32;

  /**
   * Makes the plan.
   *
   * @param pool the pool of the gateways' store, which all images must be in
   * @throws ApiException when something can't be taken over as it is
   */
  static CephIscsiPlan of(CephIscsiConfiguration from, String pool, Passwords passwords) {
    CephIscsiPlan plan = new CephIscsiPlan(new ArrayList<>(), new ArrayList<>());
    requireNames(from, pool);
    Map<String, String> homes = new HashMap<>();
    for (Target target : from.targets()) {
      plan.add(target, from.disks(), homes, passwords);
    }
    if (from.discovery()) {
      plan.notes.add(
          "discovery asked for CHAP: set moongate.iscsi.discovery on every gateway, if it is to");
    }
    for (Disk disk : from.disks().values()) {
      if (!homes.containsKey(disk.id())) {
        plan.notes.add("disk %s is in no target, and stays as it is".formatted(disk.id()));
      } else if (disk.controls()) {
        plan.notes.add("settings of disk %s are not taken over".formatted(disk.id()));
      }
    }
    return plan;
  }

  private static void requireNames(CephIscsiConfiguration from, String pool) {
    Set<String> names = new HashSet<>();
    for (Disk disk : from.disks().values()) {
      if (!disk.pool().equals(pool)) {
        throw CephIscsiConfiguration.wrong(
            "disk %s is in the pool %s; the gateways' store has one pool, here %s (--pool)"
                .formatted(disk.id(), disk.pool(), pool));
      }
      if (!names.add(naa(disk.wwn()))) {
        throw CephIscsiConfiguration.wrong(
            "two disks have one NAA, %s: one of them is %s".formatted(naa(disk.wwn()), disk.id()));
      }
    }
  }

  private void add(
      Target target, Map<String, Disk> disks, Map<String, String> homes, Passwords passwords) {
    String name = target.name();
    String path = "/targets/" + ApiClient.encode(name);
    step("target " + name, true, "/targets", new CreateTarget(name, null, null));
    // Before there is anything to be seen in it.
    step("only its list may log in to " + name, false, path + "/access", new SetAccess("listed"));
    target
        .luns()
        .forEach(
            (id, lun) -> {
              Disk disk = disks.get(id);
              String home = homes.putIfAbsent(id, name);
              if (home != null) {
                throw CephIscsiConfiguration.wrong(
                    "disk %s is in two targets, %s and %s; import one, and map it in the other"
                        .formatted(id, home, name));
              }
              step(
                  "LUN %d: image %s, NAA %s".formatted(lun, disk.image(), naa(disk.wwn())),
                  true,
                  "/luns",
                  lun(name, lun, disk));
            });
    mutual(target, passwords)
        .ifPresent(chap -> step("mutual CHAP of " + name, false, path + "/mutual-chap", chap));
    if (!target.listed()) {
      target
          .auths()
          .chap()
          .map(auth -> chap(name, auth, passwords))
          .ifPresent(chap -> step("CHAP of " + name, false, path + "/chap", chap));
      step("everybody may log in to " + name, false, path + "/access", new SetAccess("open"));
    } else {
      for (Client client : target.clients()) {
        add(client, target, passwords);
      }
    }
    if (!target.addresses().isEmpty()) {
      notes.add(
          "hosts of %s look for it at %s: give the gateways these addresses, or tell the hosts"
              .formatted(name, String.join(", ", target.addresses())));
    }
  }

  private void add(Client client, Target target, Passwords passwords) {
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
    SetChap chap =
        client.auths().chap().map(auth -> chap(client.name(), auth, passwords)).orElse(null);
    if (chap == null) {
      notes.add("%s logs in to %s without CHAP".formatted(client.name(), target.name()));
    }
    step(
        "initiator %s sees %s".formatted(client.name(), LunMask.text(seen)),
        false,
        "/targets/"
            + ApiClient.encode(target.name())
            + "/initiators/"
            + ApiClient.encode(client.name()),
        new AllowInitiator(chap, seen, "from ceph-iscsi"));
  }

  /** Here a target has one name and secret of its own, and there each client had its own. */
  private static Optional<SetChap> mutual(Target target, Passwords passwords) {
    Set<SetChap> all = new HashSet<>();
    if (target.listed()) {
      for (Client client : target.clients()) {
        client.auths().mutual().ifPresent(auth -> all.add(chap(client.name(), auth, passwords)));
      }
    } else {
      target.auths().mutual().ifPresent(auth -> all.add(chap(target.name(), auth, passwords)));
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

  private static SetChap chap(String whose, Auth auth, Passwords passwords) {
    return new SetChap(auth.user(), passwords.of(whose, auth));
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
        null,
        disk.image(),
        naa(disk.wwn()),
        disk.wwn());
  }

  /** As LIO makes it of the unit serial number. */
  static String naa(String wwn) {
    String digits = wwn.toLowerCase(Locale.ROOT).replaceAll("[^0-9a-f]", "");
    String padded = LIO + digits + "0".repeat(NAA_DIGITS);
    return padded.substring(0, NAA_DIGITS);
  }

  private void step(String what, boolean creates, String path, Object body) {
    steps.add(new Step(what, creates, path, body));
  }
}

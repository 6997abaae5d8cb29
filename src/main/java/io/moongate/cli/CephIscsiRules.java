package io.moongate.cli;

import io.moongate.cli.CephIscsiConfiguration.Client;
import io.moongate.cli.CephIscsiConfiguration.Disk;
import io.moongate.cli.CephIscsiConfiguration.Target;
import io.moongate.management.api.SetChap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the API would refuse, found before anything is asked of it: an import that stops midway
 * leaves hosts without a part of their disks.
 */
final class CephIscsiRules {
  private static final int MAX_LUN = 16383;
  private static final int MAX_NAME_BYTES = 223;
  private static final int MAX_CHAP_BYTES = 255;
  private static final int MIN_SECRET_BYTES = 12;
  private static final String LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
  private static final Pattern NAME =
      Pattern.compile(
          "iqn\\.\\d{4}-(?:0[1-9]|1[0-2])(?:\\."
              + LABEL
              + ")+(?::[-.:a-z0-9]+)?"
              + "|eui\\.[0-9a-f]{16}"
              + "|naa\\.(?:[235][0-9a-f]{15}|6[0-9a-f]{31})");
  private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9_.-]{1,96}");
  private static final Pattern SERIAL = Pattern.compile("[!-~]{1,36}");

  private final List<String> faults = new ArrayList<>();

  /**
   * All that is wrong, at once.
   *
   * @throws ApiException when there is anything
   */
  void requireNone() {
    if (!faults.isEmpty()) {
      throw CephIscsiConfiguration.wrong(String.join(";\n  ", faults));
    }
  }

  /** The names of a target and its clients, and the numbers of LUNs. */
  void check(Target target) {
    String where = "target " + target.name();
    name(where, target.name());
    luns(where, target.luns().values());
    for (Client client : target.clients()) {
      String which = "client %s of %s".formatted(client.name(), where);
      name(which, client.name());
      luns(which, client.luns().values());
    }
  }

  /** The disks of the targets, which all have to be in the pool. */
  void check(Collection<Disk> disks, String pool) {
    Map<String, String> designators = new HashMap<>();
    if (!IMAGE.matcher(pool).matches()) {
      faults.add("the pool %s has no name of 1 to 96 letters, digits and ._-".formatted(pool));
    }
    for (Disk disk : disks) {
      String where = "disk " + disk.id();
      if (!disk.pool().equals(pool)) {
        faults.add(
            "%s is in the pool %s; the gateways' store has one pool, here %s (--pool)"
                .formatted(where, disk.pool(), pool));
      }
      if (!IMAGE.matcher(disk.image()).matches()) {
        faults.add("%s: the image's name must be 1 to 96 letters, digits and ._-".formatted(where));
      }
      if (!SERIAL.matcher(disk.wwn()).matches()) {
        faults.add(
            "%s: its wwn is the serial number, which must be 1 to 36 printable ASCII characters without spaces"
                .formatted(where));
      }
      String naa = CephIscsiPlan.naa(disk.wwn());
      String other = designators.putIfAbsent(naa, disk.id());
      if (other != null) {
        faults.add("two disks have one NAA, %s: %s and %s".formatted(naa, other, disk.id()));
      }
    }
  }

  /** A disk that two targets have: here it is created in one. */
  void inTwo(String disk, String home, String other) {
    faults.add(
        "disk %s is in two targets, %s and %s; import one (--target), and map it in the other"
            .formatted(disk, home, other));
  }

  /** A name and secret of CHAP. */
  void check(String whose, SetChap chap) {
    int user = chap.user().getBytes(StandardCharsets.UTF_8).length;
    if (user > MAX_CHAP_BYTES || chap.user().chars().anyMatch(Character::isISOControl)) {
      faults.add(
          "the CHAP name of %s must have at most %d bytes and no control characters"
              .formatted(whose, MAX_CHAP_BYTES));
    }
    int secret = chap.secret().getBytes(StandardCharsets.UTF_8).length;
    if (chap.secret().chars().anyMatch(Character::isISOControl)) {
      faults.add("the CHAP secret of %s has control characters".formatted(whose));
    }
    if (secret < MIN_SECRET_BYTES || secret > MAX_CHAP_BYTES) {
      faults.add(
          "the CHAP secret of %s must have %d to %d bytes, and has %d"
              .formatted(whose, MIN_SECRET_BYTES, MAX_CHAP_BYTES, secret));
    }
  }

  /** Both directions need a secret of their own (RFC 7143 section 9.2.1). */
  void checkDiffer(String whose, SetChap chap, SetChap mutual) {
    if (chap.secret().equals(mutual.secret())) {
      faults.add("the CHAP secret of %s is also the one of its target".formatted(whose));
    }
  }

  private void name(String where, String name) {
    if (!NAME.matcher(name).matches() || name.length() > MAX_NAME_BYTES) {
      faults.add(
          ("the name of %s is no iSCSI name as they are taken here: iqn.YYYY-MM.REVERSED.DOMAIN[:NAME],"
                  + " eui. or naa., in lower-case letters, digits and -.: and at most %d bytes")
              .formatted(where, MAX_NAME_BYTES));
    }
  }

  private void luns(String where, Collection<Integer> numbers) {
    Set<Integer> seen = new HashSet<>();
    for (int number : numbers) {
      if (number < 0 || number > MAX_LUN) {
        faults.add("%s: LUN %d is not of 0 to %d".formatted(where, number, MAX_LUN));
      }
      if (!seen.add(number)) {
        faults.add("%s: two disks are its LUN %d".formatted(where, number));
      }
    }
  }
}

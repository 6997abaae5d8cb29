package io.moongate.doctor;

import io.moongate.cli.ApiView;
import io.moongate.cli.CheckResult;
import io.moongate.cli.probe.Inquiries;
import io.moongate.cli.probe.IscsiSession;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * What an initiator sees through each portal, beside what the API says: the targets of discovery,
 * the LUNs, their identities, port groups and access states.
 */
public final class ReadBack {
  private static final String CHECK = "read back";
  private static final int AUTHENTICATION_FAILED = 0x0201;
  private static final int AUTHORIZATION_FAILED = 0x0202;
  private static final int ALLOCATION = 4_096;
  private static final int LUN_LIST = 8 + 8 * 16_384;

  /** LUNs of a target that are looked at through one portal. */
  static final int MOST_LUNS = 64;

  private static final long SETTLE_MS = 1_500;

  private final Supplier<ApiView> api;
  private final String initiator;
  private final Duration timeout;

  /**
   * Reads back.
   *
   * @param api the API, asked again before a difference is told
   * @param initiator iSCSI name by which to log in
   * @param timeout of each answer of a portal
   */
  public ReadBack(Supplier<ApiView> api, String initiator, Duration timeout) {
    this.api = api;
    this.initiator = initiator;
    this.timeout = timeout;
  }

  /** Looks through every portal of the gateways that are up. */
  public List<CheckResult> check(ApiView first) {
    List<CheckResult> results = new ArrayList<>();
    for (Gateway gateway : first.gateways()) {
      if (gateway.state().equals("up")) {
        for (String portal : gateway.portals()) {
          results.add(check(first, gateway.name(), portal));
        }
      }
    }
    return results;
  }

  private CheckResult check(ApiView first, String gateway, String portal) {
    String where = "portal " + portal + " of " + gateway;
    try {
      Seen seen = look(first, gateway, portal);
      if (!seen.differences.isEmpty()) {
        // What moved between the two looks differs once and not twice.
        Thread.sleep(SETTLE_MS);
        seen = look(api.get(), gateway, portal);
      }
      if (!seen.differences.isEmpty()) {
        return CheckResult.fail(
            CHECK,
            "%s: hosts see what the API does not say: %s"
                .formatted(where, String.join("; ", seen.differences)),
            "see the log of " + gateway);
      }
      String skipped =
          seen.skipped.isEmpty() ? "" : "; not looked into: " + String.join(", ", seen.skipped);
      return CheckResult.ok(
          CHECK,
          "%s: %d targets and %d LUNs are as the API says%s"
              .formatted(where, seen.targets, seen.luns, skipped));
    } catch (IOException e) {
      return CheckResult.fail(
          CHECK,
          where + ": " + e.getMessage(),
          "hosts lose this path too: see that gateway's log, and what filters packets on the way");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CheckResult.skipped(CHECK, where + ": interrupted");
    } catch (RuntimeException e) {
      return CheckResult.skipped(CHECK, where + ": " + e.getMessage());
    }
  }

  /** What one look found. */
  private static final class Seen {
    private final List<String> differences = new ArrayList<>();
    private final TreeSet<String> skipped = new TreeSet<>();
    private int targets;
    private int luns;
  }

  private Seen look(ApiView view, String gateway, String portal) throws IOException {
    Seen seen = new Seen();
    Set<String> discovered = discovered(portal, seen);
    Expected expected = new Expected(view, gateway);
    for (Target target : expected.targets()) {
      boolean open = "open".equals(target.access());
      if (open
          && target.chap() == null
          && !seen.skipped.contains("discovery")
          && !discovered.contains(target.name())) {
        seen.differences.add("target " + target.name() + " is not discovered");
      }
      seen.targets++;
      look(expected, target, portal, seen);
    }
    discovered.removeAll(expected.names());
    discovered.forEach(name -> seen.differences.add("target " + name + " is discovered"));
    return seen;
  }

  private Set<String> discovered(String portal, Seen seen) throws IOException {
    try (IscsiSession session = connect(portal)) {
      session.discovery(initiator);
      Set<String> names = new TreeSet<>(session.sendTargets().keySet());
      session.logout();
      return names;
    } catch (IscsiSession.LoginRefused e) {
      if (e.status() != AUTHENTICATION_FAILED) {
        throw e;
      }
      seen.skipped.add("discovery");
      return new TreeSet<>();
    }
  }

  private void look(Expected expected, Target target, String portal, Seen seen) throws IOException {
    try (IscsiSession session = connect(portal)) {
      session.login(target.name(), initiator);
      TreeSet<Integer> reported =
          new TreeSet<>(
              Inquiries.luns(session.execute(0, Inquiries.reportLuns(LUN_LIST), LUN_LIST)));
      boolean whole = "open".equals(target.access());
      TreeSet<Integer> mapped = new TreeSet<>();
      target.luns().forEach(mapping -> mapped.add(mapping.lun()));
      if (whole && !reported.equals(mapped)) {
        seen.differences.add(
            "%s has LUNs %s, and maps %s".formatted(target.name(), reported, mapped));
      }
      if (whole) {
        int looked = 0;
        for (int lun : reported) {
          if (mapped.contains(lun) && looked++ < MOST_LUNS) {
            seen.luns++;
            look(expected, target.name(), lun, session, seen);
          }
        }
        if (looked > MOST_LUNS) {
          seen.skipped.add("%d LUNs of %s".formatted(looked - MOST_LUNS, target.name()));
        }
      } else {
        // A mask may show units under other numbers.
        seen.skipped.add(target.name() + " (masked)");
      }
      session.logout();
    } catch (IscsiSession.LoginRefused e) {
      if (e.status() != AUTHENTICATION_FAILED && e.status() != AUTHORIZATION_FAILED) {
        throw e;
      }
      boolean open = "open".equals(target.access()) && target.chap() == null;
      if (open) {
        seen.differences.add(target.name() + " is open, and refuses: " + e.getMessage());
      } else {
        seen.skipped.add(target.name() + " (its access list or CHAP)");
      }
    }
  }

  private static void look(
      Expected expected, String target, int lun, IscsiSession session, Seen seen)
      throws IOException {
    String name = target + "/" + lun;
    byte[] page = session.execute(lun, Inquiries.deviceIdentification(ALLOCATION), ALLOCATION);
    String naa = Inquiries.naa(page).orElse("none");
    if (!naa.equalsIgnoreCase(expected.naa(target, lun))) {
      seen.differences.add(
          "%s has the NAA %s instead of %s".formatted(name, naa, expected.naa(target, lun)));
    }
    OptionalInt group = Inquiries.portGroup(page);
    if (group.isEmpty() || group.getAsInt() != expected.portGroup()) {
      seen.differences.add(
          "%s is in port group %s instead of %d"
              .formatted(
                  name,
                  group.isEmpty() ? "none" : String.valueOf(group.getAsInt()),
                  expected.portGroup()));
    }
    Map<Integer, String> states =
        new TreeMap<>(
            Inquiries.states(
                session.execute(lun, Inquiries.reportTargetPortGroups(ALLOCATION), ALLOCATION)));
    if (!states.equals(expected.states(target, lun))) {
      seen.differences.add(
          "%s reports the states %s instead of %s"
              .formatted(name, states, expected.states(target, lun)));
    }
  }

  private IscsiSession connect(String portal) throws IOException {
    int colon = portal.lastIndexOf(':');
    String host = portal.substring(0, colon);
    return IscsiSession.connect(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        Integer.parseInt(portal.substring(colon + 1)),
        timeout);
  }
}

package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.SetChap;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterShared;
import io.moongate.multinode.harness.FileSearch;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import io.moongate.session.ChapInitiator;
import io.moongate.session.TestInitiator;
import io.moongate.session.TestInitiator.LoginRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Who may log in to a target, how both prove who they are, and which LUNs an initiator sees: the
 * same through every gateway; and what must stay secret stays so.
 */
@ClusterShared
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AccessIT {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final long SIZE = 16L << 20;
  private static final int LUNS = 3;
  private static final int BLOCK = 512;

  private static final int AUTHENTICATION_FAILURE = 0x0201;
  private static final int AUTHORIZATION_FAILURE = 0x0202;

  private static final String PROVING = "iqn.2026-11.io.moongate:host-proving";
  private static final String MASKED = "iqn.2026-11.io.moongate:host-masked";
  private static final String GUEST = "iqn.2026-11.io.moongate:host-guest";
  private static final String UNLISTED = "iqn.2026-11.io.moongate:host-unlisted";

  private static final SetChap CHAP = new SetChap("userOfProving", "Xq7secretOfInitiator");
  private static final SetChap MUTUAL = new SetChap("userOfTarget", "Xq7secretOfTarget");
  private static final String WRONG = "Xq7wrongSecret";
  private static final String TOO_SHORT = "Xq7tooShort";

  private static final List<TestLun> units = new ArrayList<>();
  private static String target;

  @BeforeAll
  static void setUp(TestCluster cluster) throws ApiException {
    for (int number = 0; number < LUNS; number++) {
      units.add(cluster.createLun("access", number, SIZE));
    }
    target = units.get(0).target();
    // Each asked of another gateway.
    cluster.gateways().get(0).api().allow(target, PROVING, new AllowInitiator(CHAP, null, null));
    List<Initiator.Lun> mask = List.of(new Initiator.Lun(0, 2), new Initiator.Lun(300, 1));
    cluster.gateways().get(1).api().allow(target, MASKED, new AllowInitiator(null, mask, "two"));
    cluster.gateways().get(2).api().setMutualChap(target, MUTUAL);
    cluster.gateways().get(0).api().setAccess(target, "listed");
    awaitSaid(cluster, "", "\"listed\"", MUTUAL.user());
    awaitSaid(cluster, "/initiators", PROVING, CHAP.user(), MASKED);
  }

  private static void awaitSaid(TestCluster cluster, String below, String... words) {
    for (TestGateway gateway : cluster.gateways()) {
      cluster.awaitSaid(gateway, "/targets/" + target + below, List.of(words));
    }
  }

  // ---- CHAP

  @Test
  void chapThroughEveryGateway(TestCluster cluster) {
    for (TestGateway gateway : cluster.gateways()) {
      String inquired =
          inquire(gateway, PROVING, CHAP.user() + "%" + CHAP.secret() + "@", "").succeeded().text();
      assertTrue(inquired.contains("Vendor:MOONGATE"), inquired);
      // In a discovery session it offers CHAP as well, and need not prove anything here.
      String portal =
          "iscsi://%s%%%s@%s:3260".formatted(CHAP.user(), CHAP.secret(), gateway.host());
      String listed = Tool.ISCSI_LS.run(BOUND, "-i", PROVING, portal).succeeded().text();
      assertTrue(listed.contains("Target:" + target + " "), listed);

      requireRefused(
          "Authentication failure(513)",
          inquire(gateway, PROVING, CHAP.user() + "%" + WRONG + "@", ""));
      requireRefused(
          "Authentication failure(513)",
          inquire(gateway, PROVING, "another%" + CHAP.secret() + "@", ""));
      requireRefused("Authentication failure(513)", inquire(gateway, PROVING, "", ""));
      requireRefused(
          "Authorization failure(514)",
          inquire(gateway, UNLISTED, CHAP.user() + "%" + CHAP.secret() + "@", ""));
    }
  }

  @Test
  void mutualChapThroughEveryGateway(TestCluster cluster) {
    for (TestGateway gateway : cluster.gateways()) {
      String credentials = CHAP.user() + "%" + CHAP.secret() + "@";
      String theirs = "?target_user=" + MUTUAL.user() + "&target_password=";
      inquire(gateway, PROVING, credentials, theirs + MUTUAL.secret()).succeeded();
      requireRefused("Invalid CHAP_R", inquire(gateway, PROVING, credentials, theirs + WRONG));
    }
  }

  private static Tool.Output inquire(
      TestGateway gateway, String initiator, String credentials, String option) {
    String url = "iscsi://%s%s:3260/%s/0%s".formatted(credentials, gateway.host(), target, option);
    return Tool.ISCSI_INQ.run(BOUND, "-i", initiator, url);
  }

  private static void requireRefused(String why, Tool.Output output) {
    assertNotEquals(0, output.status(), output::toString);
    assertTrue(output.text().contains(why), output::toString);
  }

  @Test
  void everyAlgorithmBothWaysThroughEveryGateway(TestCluster cluster) throws IOException {
    byte[] challenge = "a challenge of ours".getBytes(StandardCharsets.US_ASCII);
    for (TestGateway gateway : cluster.gateways()) {
      for (String algorithm : List.of("5", "6", "7", "8")) {
        ChapInitiator chap =
            new ChapInitiator(CHAP.user(), CHAP.secret(), algorithm)
                .asking(MUTUAL.user(), MUTUAL.secret(), 77, challenge);
        try (TestInitiator session = TestInitiator.connect(gateway.portal())) {
          session.login(Nexus.randomIsid(), TestInitiator.keys(PROVING, target), chap);
          session.command(units.get(0).field(), Cdb.testUnitReady(), new byte[0], 0);
          session.logout();
        }
      }
      ChapInitiator wrong = new ChapInitiator(CHAP.user(), WRONG, "8,7,6,5");
      try (TestInitiator session = TestInitiator.connect(gateway.portal())) {
        Map<String, String> keys = TestInitiator.keys(PROVING, target);
        assertEquals(
            AUTHENTICATION_FAILURE,
            assertThrows(
                    LoginRefusedException.class,
                    () -> session.login(Nexus.randomIsid(), keys, wrong))
                .status());
      }
    }
  }

  // ---- the access list

  @Test
  void whoIsNotOnTheListIsTurnedAwayEverywhere(TestCluster cluster) throws IOException {
    for (TestGateway gateway : cluster.gateways()) {
      assertEquals(AUTHORIZATION_FAILURE, refusal(gateway, UNLISTED), gateway::name);
      assertFalse(discovers(gateway, UNLISTED), gateway::name);
      assertTrue(discovers(gateway, MASKED), gateway::name);
      assertTrue(discovers(gateway, PROVING), gateway::name);
    }
  }

  /** Status with which a login is refused; 0 when it is not. */
  private static int refusal(TestGateway gateway, String initiator) throws IOException {
    try (TestInitiator session = TestInitiator.connect(gateway.portal())) {
      session.login(initiator, Nexus.randomIsid(), target);
      return 0;
    } catch (LoginRefusedException refused) {
      return refused.status();
    }
  }

  private static boolean discovers(TestGateway gateway, String initiator) throws IOException {
    try (TestInitiator session = TestInitiator.connect(gateway.portal())) {
      session.login(Nexus.randomIsid(), TestInitiator.discoveryKeys(initiator));
      return session.sendTargets("All").pairs().stream()
          .anyMatch(pair -> pair.key().equals("TargetName") && pair.value().equals(target));
    }
  }

  @Test
  void aMaskShowsItsLunsUnderItsNumbers(TestCluster cluster) throws IOException, ApiException {
    Map<Integer, TestLun> seen = new TreeMap<>(Map.of(0, units.get(2), 300, units.get(1)));
    for (TestGateway gateway : cluster.gateways()) {
      try (Nexus nexus = open(gateway, new TestLun(target, 0, "", SIZE))) {
        ByteBuffer listed = ByteBuffer.wrap(nexus.execute(Cdb.reportLuns(1024), new byte[0], 1024));
        assertEquals(8 * seen.size(), listed.getInt(0), gateway::name);
        int at = 8;
        for (int number : seen.keySet()) {
          assertEquals(TestLun.address(number), listed.getShort(at) & 0xFFFF, gateway::name);
          at += 8;
        }
      }
      for (Map.Entry<Integer, TestLun> entry : seen.entrySet()) {
        TestLun shown = new TestLun(target, entry.getKey(), entry.getValue().id(), SIZE);
        String serial = gateway.api().lun(shown.id()).serial();
        try (Nexus nexus = open(gateway, shown)) {
          byte[] page = nexus.execute(Cdb.inquiry(0x80, 255), new byte[0], 255);
          assertEquals(
              serial,
              new String(page, 4, page.length - 4, StandardCharsets.US_ASCII).strip(),
              () -> "LUN " + shown.number() + " through " + gateway);
        }
      }
      for (int hidden : List.of(1, 2)) {
        try (Nexus nexus = open(gateway, new TestLun(target, hidden, "", SIZE))) {
          assertEquals("05/2500", nexus.once(Cdb.testUnitReady()), "LUN " + hidden);
        }
      }
    }
    // What is written to the mask's LUN 0 is what others read from the target's LUN 2.
    byte[] block = new byte[BLOCK];
    Arrays.fill(block, (byte) 0x5A);
    try (Nexus nexus = open(cluster.gateways().get(0), new TestLun(target, 0, "", SIZE))) {
      nexus.execute(Cdb.write16(0, 1), block, 0);
    }
    try (TestInitiator other = TestInitiator.connect(cluster.gateways().get(1).portal())) {
      other.login(
          Nexus.randomIsid(),
          TestInitiator.keys(PROVING, target),
          new ChapInitiator(CHAP.user(), CHAP.secret(), "7"));
      TestInitiator.Result read;
      do {
        read = other.command(units.get(2).field(), Cdb.read16(0, 1), new byte[0], BLOCK);
      } while (Nexus.ending(read).startsWith("06/"));
      assertEquals(Nexus.GOOD_ENDING, Nexus.ending(read));
      assertArrayEquals(block, read.dataIn());
    }
  }

  private static Nexus open(TestGateway gateway, TestLun lun) throws IOException {
    return Nexus.open(gateway, lun, MASKED, Nexus.randomIsid());
  }

  @Test
  void whoIsTakenOffTheListIsPutOutEverywhereAndStaysOut(TestCluster cluster)
      throws IOException, ApiException {
    List<TestGateway> gateways = cluster.gateways();
    gateways.get(2).api().allow(target, GUEST, new AllowInitiator(null, null, null));
    awaitSaid(cluster, "/initiators", GUEST);
    List<Nexus> guests = new ArrayList<>();
    List<Nexus> others = new ArrayList<>();
    try {
      for (TestGateway gateway : gateways) {
        guests.add(Nexus.open(gateway, units.get(0), GUEST, Nexus.randomIsid()));
        others.add(open(gateway, new TestLun(target, 0, "", SIZE)));
        guests.get(guests.size() - 1).settle();
      }
      gateways.get(1).api().disallow(target, GUEST);
      for (Nexus guest : guests) {
        guest.session().awaitEnd();
        assertEquals(AUTHORIZATION_FAILURE, refusal(guest.gateway(), GUEST));
        assertFalse(discovers(guest.gateway(), GUEST), () -> "through " + guest.gateway());
      }
      for (Nexus other : others) {
        other.settle();
      }
      gateways.get(0).api().allow(target, GUEST, new AllowInitiator(null, null, null));
      awaitSaid(cluster, "/initiators", GUEST);
      for (TestGateway gateway : gateways) {
        assertEquals(0, refusal(gateway, GUEST), gateway::name);
      }
    } finally {
      for (Nexus nexus : guests) {
        nexus.close();
      }
      for (Nexus nexus : others) {
        nexus.close();
      }
    }
    gateways.get(0).api().disallow(target, GUEST);
  }

  // ---- secrets

  @Test
  @Order(Integer.MAX_VALUE)
  void noSecretIsInAnAnswerALogOrAFileOfTheCluster(TestCluster cluster)
      throws ApiException, IOException {
    TestGateway first = cluster.gateways().get(0);
    ApiException refused =
        assertThrows(
            ApiException.class,
            () -> first.api().setMutualChap(target, new SetChap(MUTUAL.user(), TOO_SHORT)));
    assertEquals(400, refused.status(), refused::getMessage);
    assertFalse(refused.getMessage().contains(TOO_SHORT), refused::getMessage);
    // Setting what is set already changes nothing, and tells as little.
    first.api().setMutualChap(target, MUTUAL);

    List<String> secrets = List.of(CHAP.secret(), MUTUAL.secret(), WRONG, TOO_SHORT);
    for (TestGateway gateway : cluster.gateways()) {
      for (String path :
          List.of(
              "/targets",
              "/targets/" + target,
              "/targets/" + target + "/initiators",
              "/targets/" + target + "/initiators/" + PROVING,
              "/sessions",
              "/luns")) {
        String said = gateway.api().text("/api/v1" + path);
        secrets.forEach(secret -> assertFalse(said.contains(secret), () -> path + ": " + said));
      }
    }

    Map<String, String> wanted = new TreeMap<>();
    for (String secret : secrets) {
      byte[] bytes = secret.getBytes(StandardCharsets.US_ASCII);
      wanted.put(secret, secret);
      wanted.put(secret + " in hexadecimal digits", HexFormat.of().formatHex(bytes));
      wanted.put(secret + " in base64", Base64.getEncoder().withoutPadding().encodeToString(bytes));
    }
    // What is no secret must be found, or the search proves nothing.
    wanted.put("user", CHAP.user());
    Path volumes = cluster.directory().resolve("volumes");
    Map<String, List<Path>> found =
        FileSearch.under(cluster.directory(), path -> !path.startsWith(volumes), wanted);
    List<Path> users = found.remove("user");
    System.out.println("the user's name is in " + users);
    assertTrue(
        users != null
            && users.stream().anyMatch(path -> path.startsWith(cluster.logs()))
            && users.stream().anyMatch(path -> path.toString().contains("commitlog")),
        () -> "found the user's name only in " + users);
    assertEquals(Map.of(), found, "secrets, and the files that have them");
  }
}

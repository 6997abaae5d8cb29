package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.AtOnce;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterShared;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TargetPortGroups;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Targets with LUNs beyond the 256 of peripheral device addressing. */
@ClusterShared
class LunsIT {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final long SIZE = 1L << 20;

  /** As it lists them to itself alone: other tests list targets, too. */
  private static final String INITIATOR = "iqn.2026-11.io.moongate:host-luns";

  private static final Pattern TARGET = Pattern.compile("^Target:(\\S+) Portal:(\\S+)$");
  private static final Pattern LUN = Pattern.compile("^Lun:(\\d+) +Type:DIRECT_ACCESS .*$");

  @Test
  void lunsOfBothAddressingMethods(TestCluster cluster) throws IOException {
    luns(cluster, "luns", List.of(0, 1, 255, 256, 300, 16383));
  }

  @Test
  @Tag("long")
  void threeHundredLuns(TestCluster cluster) throws IOException {
    luns(cluster, "luns-many", IntStream.range(0, 300).boxed().toList());
  }

  /**
   * One unit in two targets, of which one has opted in: through that one a host makes another
   * gateway the owner, and is not told of what it has asked for; the others are.
   */
  @Test
  void explicitAluaIsOfTheTargetThatOptedIn(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("explicit-alua", 0, SIZE);
    String implicit = cluster.createTarget("implicit-alua");
    TestGateway asked = cluster.gateways().get(0);
    cluster.done("a second target", () -> asked.api().mapLun(implicit, 0, lun.id()));
    cluster.done("opting in", () -> asked.api().setExplicitAlua(lun.target(), true));
    cluster.move(lun, asked);
    PathAgreement agreement = new PathAgreement(cluster, lun);
    agreement.await();
    Map<String, Integer> groups = agreement.groups();
    TestGateway other = cluster.gateways().get(1);
    TestLun elsewhere = new TestLun(implicit, 0, lun.id(), SIZE);
    byte[] list = ByteBuffer.allocate(8).putShort(6, groups.get(other.name()).shortValue()).array();
    byte[] set = Cdb.setTargetPortGroups(list.length);
    try (Nexus host = Nexus.open(asked, lun);
        Nexus second = Nexus.open(asked, lun);
        Nexus third = Nexus.open(other, lun);
        Nexus plain = Nexus.open(asked, elsewhere)) {
      for (Nexus nexus : List.of(host, second, third, plain)) {
        nexus.settle();
      }
      assertEquals(0x30, host.execute(Cdb.inquiry(96), new byte[0], 96)[5] & 0x30, "TPGS");
      assertEquals(0x10, plain.execute(Cdb.inquiry(96), new byte[0], 96)[5] & 0x30, "TPGS");
      assertEquals("05/2000", plain.once(set, list, 0));
      assertEquals(asked.name(), agreement.await().owner());

      assertEquals(Nexus.GOOD_ENDING, host.atLast(set, list, 0));
      assertEquals(
          TargetPortGroups.OPTIMIZED,
          host.reportTargetPortGroups(128, true).states().get(groups.get(other.name())),
          "at once, through the gateway that was asked");
      assertEquals(Nexus.GOOD_ENDING, host.once(Cdb.testUnitReady()));
      assertEquals("06/2A06", second.once(Cdb.testUnitReady()));
      assertEquals("06/2A06", plain.once(Cdb.testUnitReady()));
      assertEquals(other.name(), agreement.await().owner());
      assertEquals("06/2A06", third.once(Cdb.testUnitReady()));

      cluster.done("opting out", () -> asked.api().setExplicitAlua(lun.target(), false));
      assertEquals("06/3F03", host.once(Cdb.testUnitReady()));
      assertEquals(0x10, host.execute(Cdb.inquiry(96), new byte[0], 96)[5] & 0x30, "TPGS");
      assertEquals("05/2000", host.once(set, list, 0));
    }
  }

  private static void luns(TestCluster cluster, String name, List<Integer> numbers)
      throws IOException {
    String target = cluster.createTarget(name);
    List<TestLun> units = create(cluster, target, numbers);
    try {
      awaitServed(cluster, target, numbers.size());
      // Which keeps it out of what the other tests are shown.
      cluster.allowOnly(target, List.of(INITIATOR), null);
      listedByTools(cluster, target, numbers);
      for (TestGateway gateway : cluster.gateways()) {
        reported(gateway, units);
        bothMethods(gateway, units);
      }
    } finally {
      // So that what comes later need not care for so many.
      cluster.delete(target);
    }
  }

  private static List<TestLun> create(TestCluster cluster, String target, List<Integer> numbers) {
    long began = System.nanoTime();
    try {
      return AtOnce.each(numbers, number -> cluster.requestLun(target, number, SIZE, 512, "file"));
    } finally {
      System.out.printf(
          "%d LUNs made in %.1f s%n", numbers.size(), (System.nanoTime() - began) / 1e9);
    }
  }

  private static void awaitServed(TestCluster cluster, String target, int count) {
    for (TestGateway gateway : cluster.gateways()) {
      Await.value(
          gateway + " to know all LUNs as served",
          BOUND,
          () -> {
            try {
              long served =
                  gateway.api().luns().stream()
                      .filter(unit -> target.equals(unit.target()))
                      .map(LogicalUnit::phase)
                      .filter("serving"::equals)
                      .count();
              if (served != count) {
                throw new Await.Unready(served + " of " + count);
              }
              return served;
            } catch (ApiException e) {
              throw new Await.Unready(e.getMessage());
            }
          });
    }
  }

  private static void listedByTools(TestCluster cluster, String target, List<Integer> numbers) {
    // It goes to every portal that is named to it.
    String asked = "iscsi://" + cluster.gateways().get(0).host() + ":3260";
    Tool.Output output = Tool.listUnits(BOUND, "-i", INITIATOR, asked);
    Map<String, List<Integer>> found = new HashMap<>();
    List<Integer> luns = new ArrayList<>();
    for (String line : output.text().lines().toList()) {
      Matcher heading = TARGET.matcher(line);
      Matcher lun = LUN.matcher(line);
      if (heading.matches()) {
        luns = new ArrayList<>();
        if (heading.group(1).equals(target)) {
          found.put(heading.group(2).replaceAll(":.*", ""), luns);
        }
      } else if (lun.matches()) {
        luns.add(Integer.valueOf(lun.group(1)));
      }
    }
    // It prints the first two bytes of a LUN as one number.
    List<Integer> expected = numbers.stream().map(TestLun::address).toList();
    for (TestGateway gateway : cluster.gateways()) {
      assertEquals(expected, found.get(gateway.host()), () -> "through " + gateway);
    }
    assertEquals(cluster.gateways().size(), found.size(), found.keySet()::toString);
  }

  private static void reported(TestGateway gateway, List<TestLun> units) throws IOException {
    int length = 8 + 8 * units.size();
    try (Nexus nexus = open(gateway, units.get(0))) {
      ByteBuffer data = ByteBuffer.wrap(nexus.execute(Cdb.reportLuns(length), new byte[0], length));
      assertEquals(8 * units.size(), data.getInt(0), gateway::name);
      for (int i = 0; i < units.size(); i++) {
        assertEquals(units.get(i).field(), data.getLong(8 + 8 * i), gateway::name);
      }
      // The first question is short: the length is that of the whole list.
      data = ByteBuffer.wrap(nexus.execute(Cdb.reportLuns(16), new byte[0], 16));
      assertEquals(8 * units.size(), data.getInt(0), gateway::name);
    }
  }

  /** Flat space addressing leads to the LUNs below 256 as well (SAM-5 section 4.7.7.4). */
  private static void bothMethods(TestGateway gateway, List<TestLun> units) throws IOException {
    try (Nexus nexus = open(gateway, units.get(0))) {
      TestInitiator session = nexus.session();
      for (TestLun unit : units) {
        byte[] usual = page(session, unit.field());
        long flat = (long) (0x4000 | unit.number()) << 48;
        assertArrayEquals(usual, page(session, flat), () -> unit + " through " + gateway);
        // A write through one is read through the other.
        byte[] block = new byte[512];
        ByteBuffer.wrap(block).putLong(unit.number());
        good(session, flat, Cdb.write16(1, 1), block, 0);
        assertArrayEquals(
            block,
            good(session, unit.field(), Cdb.read16(1, 1), new byte[0], 512),
            () -> unit + " through " + gateway);
      }
      long unmapped = (0x4000L | 5000) << 48;
      assertEquals(
          "05/2500", Nexus.ending(session.command(unmapped, Cdb.testUnitReady(), new byte[0], 0)));
    }
  }

  private static byte[] page(TestInitiator session, long field) throws IOException {
    return good(session, field, Cdb.inquiry(0x83, 1024), new byte[0], 1024);
  }

  private static byte[] good(
      TestInitiator session, long field, byte[] cdb, byte[] dataOut, int expected)
      throws IOException {
    TestInitiator.Result result = session.command(field, cdb, dataOut, expected);
    for (int more = 0; more < 10 && Nexus.ending(result).startsWith("06/"); more++) {
      result = session.command(field, cdb, dataOut, expected);
    }
    assertEquals(Nexus.GOOD_ENDING, Nexus.ending(result));
    return result.dataIn();
  }

  private static Nexus open(TestGateway gateway, TestLun lun) throws IOException {
    return Nexus.open(gateway, lun, INITIATOR, Nexus.randomIsid());
  }
}

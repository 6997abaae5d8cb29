package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.Signal;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import io.moongate.multinode.workload.Workload;
import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logical units whose blocks are in Ceph. */
@ClusterAlone
class RbdIT {
  private static final Duration BOUND = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void nothingIsLostWhenTheOwnerIsKilledOrFenced(TestCluster cluster, CephCluster.Pool pool) {
    TestLun lun = cluster.createLun("rbd-kill", 0, 64L << 20, 512, "rbd");
    PathAgreement agreement = new PathAgreement(cluster, lun);
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      workload.awaitProgress(200);
      TestGateway owner = cluster.gateway(agreement.await().owner());
      long killed = System.nanoTime();
      owner.kill();
      TestGateway next = cluster.gateway(agreement.await().owner());
      assertNotEquals(owner, next);
      workload.awaitProgress(200);
      System.out.printf(
          "%s was killed, %s serves within %d ms; longest operation %d ms%n",
          owner, next, (System.nanoTime() - killed) / 1_000_000, workload.longest().toMillis());
      owner.start();
      cluster.awaitReady();

      // Somebody takes the owner for dead who has no say in that: it goes on with another client.
      long epoch = agreement.await().epoch();
      String address = watcher(pool, cluster.describe(lun).volume());
      pool.cluster().ceph("osd", "blocklist", "add", address);
      workload.awaitProgress(400);
      assertNotEquals(address, watcher(pool, cluster.describe(lun).volume()));
      assertEquals(next.name(), agreement.await().owner());
      assertEquals(epoch, agreement.await().epoch());
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
    }
    Histories.requireLinearizable("rbd-kill", history);
    cluster.delete(lun.target());
  }

  /** The address by which the blocklist knows who has an image open. */
  private static String watcher(CephCluster.Pool pool, String image) {
    String status = pool.cluster().rbd("status", pool.name() + "/" + image);
    String watcher = status.substring(status.indexOf("watcher=") + "watcher=".length());
    return watcher.substring(0, watcher.indexOf(' '));
  }

  @Test
  void serversThatAnswerNothingForAWhileAreWaitedFor(TestCluster cluster, CephCluster.Pool pool) {
    TestLun lun = cluster.createLun("rbd-osd", 0, 64L << 20, 512, "rbd");
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      workload.awaitProgress(200);
      pool.cluster().osds().forEach(osd -> Signal.STOP.send(osd.pid()));
      try {
        Thread.sleep(2_000);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      } finally {
        pool.cluster().osds().forEach(osd -> Signal.CONT.send(osd.pid()));
      }
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
    }
    Histories.requireLinearizable("rbd-osd", history);
    cluster.delete(lun.target());
  }

  /** The migration: names, LUN, credentials and content are those of before. */
  @Test
  void hostsOfCephIscsiFindTheirDiskAgain(TestCluster cluster, CephCluster.Pool pool)
      throws IOException, InterruptedException {
    byte[] content = new byte[4 << 20];
    new Random(1).nextBytes(content);
    Path image = Files.write(directory.resolve("content"), content);
    pool.cluster()
        .rbd(
            "import",
            "--no-progress",
            "--image-feature",
            "layering,exclusive-lock,object-map,fast-diff,deep-flatten",
            image.toString(),
            pool.name() + "/disk_1");
    Path configuration =
        Files.writeString(
            directory.resolve("gateway.conf"), CEPH_ISCSI.replace("POOL", pool.name()));
    for (int time = 1; time <= 2; time++) { // It can be repeated.
      moongate(
          "import",
          "ceph-iscsi",
          configuration.toString(),
          "--pool",
          pool.name(),
          "--token-file",
          DemoAccess.in(cluster.directory()).tokenFile().toString());
    }
    LogicalUnit unit =
        cluster.done("LUNs", cluster.gateways().get(0).api()::luns).stream()
            .filter(each -> "iqn.2003-01.com.example.igw:ceph".equals(each.target()))
            .findFirst()
            .orElseThrow();
    assertEquals(5, unit.lun());
    assertEquals(content.length, unit.size());
    for (TestGateway gateway : cluster.gateways()) {
      String url =
          "iscsi://host1user%%secretsecret1@%s:3260/%s/0".formatted(gateway.host(), unit.target());
      Await.value(
          gateway + " to know the host",
          BOUND,
          () -> {
            Tool.Output asked = Tool.ISCSI_INQ.run(BOUND, "-i", HOST, "-e", "1", "-c", "131", url);
            if (asked.status() != 0) {
              throw new Await.Unready(asked.toString());
            }
            return asked;
          });
      String serial =
          Tool.ISCSI_INQ.run(BOUND, "-i", HOST, "-e", "1", "-c", "128", url).succeeded().text();
      assertTrue(serial.contains("a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9"), serial);
      Tool.QEMU_IMG
          .run(
              BOUND,
              "compare",
              "--image-opts",
              ("driver=raw,file.driver=iscsi,file.transport=tcp,file.portal=%s:3260,file.target=%s,"
                      + "file.lun=0,file.initiator-name=%s,file.user=host1user,"
                      + "file.password-secret=secret")
                  .formatted(gateway.host(), unit.target(), HOST),
              "--object",
              "secret,id=secret,data=secretsecret1",
              "driver=raw,file.filename=" + image)
          .succeeded();
      Tool.Output stranger = Tool.ISCSI_INQ.run(BOUND, "iscsi://" + url.split("@")[1]);
      assertNotEquals(0, stranger.status(), stranger.text());
    }
    assertEquals("6001405a1b2c3d4e5f647189293a4b5c", unit.naa());
    cluster.delete(unit.target());
    assertTrue(pool.cluster().rbd("ls", pool.name()).contains("disk_1"), "it was there before");
  }

  private static void moongate(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Installation.find().home().resolve("moongate").toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("MOONGATE_NO_BUILD", "1");
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS), output);
    System.out.print(output);
    assertEquals(0, process.exitValue(), output);
  }

  private static final String HOST = "iqn.1994-05.com.example:host1";

  private static final String CEPH_ISCSI =
      """
      {
        "created": "2021/03/04 10:20:30",
        "discovery_auth": {
          "username": "", "password": "", "password_encryption_enabled": false,
          "mutual_username": "", "mutual_password": "", "mutual_password_encryption_enabled": false
        },
        "disks": {
          "POOL/disk_1": {
            "allocating_host": "igw1", "backstore": "user:rbd",
            "backstore_object_name": "POOL.disk_1", "controls": {}, "created": "2021/03/04 10:21:00",
            "image": "disk_1", "owner": "igw1", "pool": "POOL", "pool_id": 2,
            "updated": "2021/03/04 10:21:00", "wwn": "a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9"
          }
        },
        "epoch": 17,
        "gateways": {"igw1": {"active_luns": 1}, "igw2": {"active_luns": 0}},
        "targets": {
          "iqn.2003-01.com.example.igw:ceph": {
            "acl_enabled": true,
            "auth": {
              "username": "", "password": "", "password_encryption_enabled": false,
              "mutual_username": "", "mutual_password": "",
              "mutual_password_encryption_enabled": false
            },
            "clients": {
              "iqn.1994-05.com.example:host1": {
                "auth": {
                  "username": "host1user", "password": "secretsecret1",
                  "password_encryption_enabled": false,
                  "mutual_username": "", "mutual_password": "",
                  "mutual_password_encryption_enabled": false
                },
                "group_name": "", "luns": {"POOL/disk_1": {"lun_id": 0}}
              }
            },
            "controls": {}, "created": "2021/03/04 10:20:40",
            "disks": {"POOL/disk_1": {"lun_id": 5, "owner": "igw1"}},
            "groups": {}, "ip_list": ["127.0.0.1", "127.0.0.2"],
            "portals": {
              "igw1": {
                "gateway_ip_list": ["127.0.0.1", "127.0.0.2"],
                "inactive_portal_ips": ["127.0.0.2"], "portal_ip_addresses": ["127.0.0.1"],
                "tpgs": 2
              }
            },
            "updated": "2021/03/04 10:22:00"
          }
        },
        "updated": "2021/03/04 10:22:00",
        "version": 11
      }
      """;
}

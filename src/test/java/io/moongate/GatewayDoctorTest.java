package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.CheckResult;
import io.moongate.cli.CheckResult.State;
import io.moongate.cli.Doctor;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The doctor with a configuration, on a host where no gateway and no Cassandra runs. */
@Timeout(120)
class GatewayDoctorTest {
  @TempDir Path directory;

  private List<CheckResult> examine(String config) throws Exception {
    Path file = Files.writeString(directory.resolve("gw1.conf"), config);
    List<CheckResult> results = new ArrayList<>();
    GatewayDoctor.examine(
        new Doctor.Request(
            file,
            configured -> {
              throw new IllegalStateException("No gateway answers: " + configured);
            },
            "iqn.2026-11.io.moongate:doctor"),
        results::add);
    return results;
  }

  private static CheckResult first(List<CheckResult> results, String check) {
    return results.stream()
        .filter(result -> result.check().equals(check))
        .findFirst()
        .orElseThrow(() -> new AssertionError(check + " is missing: " + results));
  }

  @Test
  void aTypoIsNamedWithItsFileAndNothingElseIsLookedAt() throws Exception {
    List<CheckResult> results = examine("moongate.gateway.name = gw1\nmoongate.relay.prot = 1\n");
    assertEquals(1, results.size(), results::toString);
    assertEquals(State.FAIL, results.get(0).state());
    assertTrue(
        results.get(0).detail().matches("(?s).*gw1.conf: 2: .*moongate.relay.prot.*relay.port.*"),
        results.get(0)::detail);
  }

  @Test
  void aHostWithoutCassandraFailsForThatAlone() throws Exception {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = socket.getLocalPort();
    }
    List<CheckResult> results =
        examine(
            """
            moongate.gateway.name = gw1
            moongate.cassandra.contact-points = ["127.0.0.1:%d"]
            moongate.volume.file.directory = "%s"
            moongate.iscsi.max-gateway-bytes = 16 MiB
            """
                .formatted(nobody, directory.resolve("volumes")));
    assertEquals(State.OK, first(results, "config").state());
    assertEquals(State.FAIL, first(results, "cassandra").state());
    assertTrue(
        first(results, "peer").detail().contains(":" + nobody + " refuses"), results::toString);
    assertEquals(State.OK, first(results, "store file").state());
    assertEquals(State.OK, first(results, "heap").state());
    assertEquals(State.WARN, first(results, "api").state());
    assertEquals(6, results.stream().filter(each -> each.check().equals("port")).count());
  }

  @Test
  void aPortalThatIsNotThisHostsIsAFault() throws Exception {
    List<CheckResult> results =
        examine(
            "moongate.gateway.name = gw1\nmoongate.iscsi.portals = [\"192.0.2.1:3260\"]\n"
                + "moongate.cassandra.contact-points = [\"127.0.0.1:1\"]\n");
    assertTrue(
        results.stream()
            .anyMatch(
                each ->
                    each.state() == State.FAIL
                        && each.detail()
                            .equals(
                                "moongate.iscsi.portals 192.0.2.1 is not an address of this host")),
        results::toString);
  }
}

package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.cluster.VolumeStores.StoredVolume;
import io.moongate.management.TestServer;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The commands about what lies below the units, against the real API. */
class StoreCommandsTest {
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void reset() {
    server.metadata().reset();
  }

  private static List<String> rows(String line) {
    List<String> args = new ArrayList<>(List.of(line.split(" ", -1)));
    args.addAll(List.of("--api", server.base().toString()));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            args.toArray(String[]::new),
            config -> 42,
            new StringReader(""),
            new PrintWriter(out),
            new PrintWriter(err));
    assertEquals(0, code, err::toString);
    return out.toString().lines().map(each -> each.replaceAll(" +", " ").strip()).toList();
  }

  @Test
  void storesAreListedWithWhatIsToBeSeenTo() {
    assertEquals(
        List.of(
            "STORE STATE AVAILABLE",
            "file well 5.0GiB",
            "memory unknown -",
            "rbd near-full 0.5GiB",
            "warning rbd: see to it"),
        rows("store list"));
  }

  @Test
  void volumesAreListedToTheLast() {
    List<StoredVolume> many = new ArrayList<>();
    for (int i = 0; i < 1200; i++) {
      many.add(
          new StoredVolume(
              "p/v%04d".formatted(i),
              OptionalLong.of(1 << 20),
              OptionalInt.empty(),
              Optional.empty(),
              i % 600 == 0 ? Optional.empty() : Optional.of("in use")));
    }
    server.metadata().stores.volumes = many;
    List<String> rows = rows("volume list --store rbd");
    assertEquals(1201, rows.size());
    assertEquals("VOLUME SIZE BLOCK UNIT ADOPTABLE OBSTACLE", rows.get(0));
    assertEquals("p/v1199 1MiB - - no in use", rows.get(1200));
    assertEquals(
        List.of("p/v0000 1MiB - - yes -", "p/v0600 1MiB - - yes -"),
        rows("volume list --store rbd --adoptable").subList(1, 3));
  }
}

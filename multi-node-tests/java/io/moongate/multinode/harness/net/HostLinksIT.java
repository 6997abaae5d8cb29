package io.moongate.multinode.harness.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.link.HostLinks;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import java.io.IOException;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is asked of the kernel about addresses, on a wire with another host on it. */
class HostLinksIT {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final String OTHER = "10.77.0.11";
  private static final String NOBODYS = "10.77.0.99";

  private static Network network;
  private static HostLinks links;

  @BeforeAll
  static void start() throws IOException {
    network = Network.create(Map.of("one", OTHER));
    links = HostLinks.of(List.of(Network.HOSTS_ADDRESS));
  }

  @AfterAll
  static void end() {
    if (links != null) {
      links.rest();
    }
    if (network != null) {
      network.close();
    }
  }

  private static boolean here() throws IOException {
    return links.has(NOBODYS);
  }

  @Test
  void whoHasAnAddressAnswersForIt() throws IOException {
    links.probe(OTHER);
    links.probe(NOBODYS);
    String station =
        Await.value(
            "an answer of " + OTHER,
            BOUND,
            () -> {
              Map<String, String> heard = ask(links::heard);
              assertFalse(heard.containsKey(NOBODYS), heard.toString());
              if (!heard.containsKey(OTHER)) {
                ask(
                    () -> {
                      links.probe(OTHER);
                      return heard;
                    });
                throw new Unready(heard.toString());
              }
              return heard.get(OTHER);
            });
    assertEquals(17, station.length(), station);
    assertTrue(links.reaches(OTHER));
    assertFalse(links.reaches("192.0.2.1"), "another subnet");
    assertFalse(links.reaches(Network.HOSTS_ADDRESS), "its own");
  }

  private interface Question<T> {
    T ask() throws IOException;
  }

  private static <T> T ask(Question<T> question) {
    try {
      return question.ask();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  @Test
  void whatIsHeldIsDroppedAndDroppingItAgainIsFine() throws IOException {
    links.hold(NOBODYS, Duration.ofSeconds(60));
    assertTrue(here());
    links.hold(NOBODYS, Duration.ofSeconds(60));
    links.announce(NOBODYS);
    links.drop(NOBODYS);
    assertFalse(here());
    links.drop(NOBODYS);
  }

  /** As where the process that has added it was killed. */
  @Test
  void theKernelRemovesWhatIsNotProlonged() throws IOException {
    links.hold(NOBODYS, Duration.ofSeconds(1));
    Await.value(
        NOBODYS + " to be removed",
        BOUND,
        () -> {
          if (ask(HostLinksIT::here)) {
            throw new Unready("it is there");
          }
          return Boolean.TRUE;
        });
  }

  /** Another host sees to whom the address belongs now. */
  @Test
  void anAnnouncementIsHeard() throws IOException {
    network.resolve("one", NOBODYS, "02:00:00:00:00:77");
    links.hold(NOBODYS, Duration.ofSeconds(60));
    try {
      String own =
          HexFormat.ofDelimiter(":")
              .formatHex(NetworkInterface.getByName(Network.ownLink()).getHardwareAddress());
      Await.value(
          "the other host to know " + own,
          BOUND,
          () -> {
            ask(
                () -> {
                  links.announce(NOBODYS);
                  return own;
                });
            String known = network.resolved("one", NOBODYS);
            if (!known.contains(own)) {
              throw new Unready(known);
            }
            return known;
          });
    } finally {
      links.drop(NOBODYS);
    }
  }
}

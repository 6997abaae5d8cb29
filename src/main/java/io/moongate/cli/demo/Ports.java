package io.moongate.cli.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which ports can be listened on. An answer is a moment's: whoever listens must be ready to fail
 * all the same.
 */
final class Ports {

  private Ports() {}

  /**
   * A port that a process is about to need.
   *
   * @param purpose as in "the iSCSI portal of gw1"
   */
  record Need(String host, int port, String purpose) {}

  /** Empty when it can be listened on, else the reason. */
  static Optional<String> obstacle(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /**
   * @throws DemoException naming each port that can't be listened on, and what to do
   */
  static void requireFree(List<Need> needs) {
    List<String> taken = new ArrayList<>();
    for (Need need : needs) {
      obstacle(need.host(), need.port())
          .ifPresent(
              reason ->
                  taken.add(
                      "  %s:%d, %s: %s"
                          .formatted(need.host(), need.port(), need.purpose(), reason)));
    }
    if (!taken.isEmpty()) {
      throw new DemoException(
          ("the demo needs these ports, and can't listen on them:%n%s%nSee who does with `ss -ltnp` and stop"
                  + " it; it may be another demo (its directory's `lock` file has its pid).")
              .formatted(String.join(System.lineSeparator(), taken)));
    }
  }

  /** The preferred port when it is free, else one that the kernel chooses. */
  static int preferredOrFree(String host, int preferred) {
    if (obstacle(host, preferred).isEmpty()) {
      return preferred;
    }
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(host))) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new DemoException("no free port on " + host + ": " + e.getMessage(), e);
    }
  }
}

package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The ports of a gateway: free, or held by it. */
public final class Ports {

  /**
   * A port.
   *
   * @param key the setting that names it
   */
  public record Port(String key, String host, int port) {}

  private final Listeners listeners;

  public Ports(Listeners listeners) {
    this.listeners = listeners;
  }

  public List<CheckResult> check(List<Port> ports) {
    List<CheckResult> results = new ArrayList<>();
    ports.stream().filter(port -> port.port() != 0).forEach(port -> results.add(check(port)));
    return results;
  }

  private CheckResult check(Port port) {
    String where = port.key() + " " + port.host() + ":" + port.port();
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(port.host(), port.port()));
      return CheckResult.ok("port", where + " is free: no gateway runs here");
    } catch (BindException e) {
      return held(port, where, e);
    } catch (IOException | IllegalArgumentException e) {
      return cannot(port, where, e);
    }
  }

  private CheckResult held(Port port, String where, IOException why) {
    Optional<Listeners.Listener> listener = listeners.on(port.port());
    if (listener.isEmpty()) {
      return String.valueOf(why.getMessage()).contains("in use")
          ? CheckResult.warn(
              "port",
              where + " is held by a process that can't be seen",
              "run doctor as the gateway's user, or as root, to see whether that is the gateway")
          : cannot(port, where, why);
    } else if (listener.get().isMoongate()) {
      return CheckResult.ok("port", where + " is held by a gateway, pid " + listener.get().pid());
    }
    return CheckResult.fail(
        "port",
        "%s is held by another process, pid %d: %s"
            .formatted(where, listener.get().pid(), listener.get().command()),
        "stop that process, or give " + port.key() + " another port");
  }

  private static CheckResult cannot(Port port, String where, Exception why) {
    return CheckResult.fail(
        "port",
        where + " can't be listened on: " + why.getMessage(),
        "give the host that address, or correct "
            + port.key()
            + "; a port below 1024 needs CAP_NET_BIND_SERVICE");
  }
}

package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Whether ports of other hosts take connections. */
public final class Peers {

  /**
   * A port of another host.
   *
   * @param what whose it is, and for what
   * @param needed whether a gateway can't do without it now; else it may just not be started
   */
  public record Peer(String what, String host, int port, boolean needed) {}

  private final Duration timeout;

  /**
   * Connects.
   *
   * @param timeout of each connection
   */
  public Peers(Duration timeout) {
    this.timeout = timeout;
  }

  public List<CheckResult> check(List<Peer> peers) {
    List<CheckResult> results = new ArrayList<>();
    peers.forEach(peer -> results.add(check(peer)));
    return results;
  }

  private CheckResult check(Peer peer) {
    String where = peer.what() + " at " + peer.host() + ":" + peer.port();
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(peer.host(), peer.port()), Math.toIntExact(timeout.toMillis()));
      return CheckResult.ok("peer", where + " takes connections");
    } catch (ConnectException e) {
      return bad(
          peer,
          where + " refuses connections",
          "start it there; if it runs, a packet filter rejects: between gateways it must let through,"
              + " and drop what it does not");
    } catch (SocketTimeoutException e) {
      return bad(
          peer,
          where + " does not answer within " + timeout.toMillis() + " ms",
          "see that its host is up, and to what filters packets on the way");
    } catch (UnknownHostException e) {
      return bad(peer, where + ": the host is unknown", "see to DNS or /etc/hosts");
    } catch (IOException e) {
      return bad(peer, where + ": " + e.getMessage(), "see to the network between the hosts");
    }
  }

  private static CheckResult bad(Peer peer, String what, String advice) {
    return peer.needed()
        ? CheckResult.fail("peer", what, advice)
        : CheckResult.warn("peer", what, advice);
  }
}

package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Names that must resolve, and addresses that must be of this host. */
public final class HostAddresses {
  private final Predicate<InetAddress> own;

  /**
   * Looks by these addresses.
   *
   * @param own whether an address is of this host
   */
  public HostAddresses(Predicate<InetAddress> own) {
    this.own = own;
  }

  /**
   * Addresses to listen on.
   *
   * @param byKey host names or addresses, by the setting that names them
   */
  public List<CheckResult> ofThisHost(Map<String, List<String>> byKey) {
    List<CheckResult> results = new ArrayList<>();
    byKey.forEach(
        (key, hosts) ->
            hosts.stream().distinct().forEach(host -> results.add(ofThisHost(key, host))));
    return results;
  }

  private CheckResult ofThisHost(String key, String host) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (address.isAnyLocalAddress() || own.test(address)) {
          return CheckResult.ok("address", key + " " + host + " is of this host");
        }
      }
      return CheckResult.fail(
          "address",
          key + " " + host + " is not an address of this host",
          "give the host that address, or correct " + key);
    } catch (UnknownHostException e) {
      return unknown(key, host);
    }
  }

  /**
   * Names of others.
   *
   * @param byKey host names or addresses, by the setting that names them
   */
  public List<CheckResult> known(Map<String, List<String>> byKey) {
    List<CheckResult> results = new ArrayList<>();
    byKey.forEach(
        (key, hosts) ->
            hosts.stream()
                .distinct()
                .forEach(
                    host -> {
                      try {
                        results.add(
                            CheckResult.ok(
                                "name",
                                "%s %s is %s"
                                    .formatted(
                                        key, host, InetAddress.getByName(host).getHostAddress())));
                      } catch (UnknownHostException e) {
                        results.add(unknown(key, host));
                      }
                    }));
    return results;
  }

  private static CheckResult unknown(String key, String host) {
    return CheckResult.fail(
        "name",
        key + " " + host + " is no known host",
        "see to DNS or /etc/hosts, or correct " + key);
  }
}

package io.moongate.cluster.portal;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Hosts on one link, which answer for their addresses. Time is told, in nanoseconds. */
final class Wire {
  long now;
  final Map<String, Host> hosts = new TreeMap<>();

  Host host(String name, String address) {
    return hosts.computeIfAbsent(name, fresh -> new Host(name, address));
  }

  /** Whose hosts have an address that is not their own. */
  Set<String> takersOf(String address) {
    Set<String> takers = new HashSet<>();
    hosts.values().stream()
        .filter(host -> !host.own.equals(address) && host.answers(address))
        .forEach(host -> takers.add(host.name));
    return takers;
  }

  /** A host. */
  final class Host implements PortalLink {
    final String name;
    final String own;

    /** Whether it has power. */
    boolean on = true;

    /** Whether its link is plugged in. */
    boolean plugged = true;

    boolean removalsFail;
    boolean listens;
    int announced;
    int probed;

    /** When the kernel removes what is not its own. */
    final Map<String, Long> held = new HashMap<>();

    private final Map<String, String> heard = new LinkedHashMap<>();

    private Host(String name, String own) {
      this.name = name;
      this.own = own;
    }

    boolean answers(String address) {
      return on && (own.equals(address) || now - held.getOrDefault(address, now) < 0);
    }

    private boolean sees(Host other) {
      return on && plugged && other.on && other.plugged && other != this;
    }

    void powerOff() {
      on = false;
      held.clear();
      heard.clear();
    }

    @Override
    public boolean reaches(String address) {
      return !own.equals(address);
    }

    @Override
    public boolean has(String address) {
      return answers(address);
    }

    @Override
    public boolean isListenedOn(int port) {
      return listens;
    }

    @Override
    public void probe(String address) {
      probed++;
      hosts.values().stream()
          .filter(other -> sees(other) && other.answers(address))
          .forEach(other -> heard.put(address, other.name));
    }

    @Override
    public void announce(String address) {
      announced++;
      hosts.values().stream().filter(this::sees).forEach(other -> other.heard.put(address, name));
    }

    @Override
    public Map<String, String> heard() {
      Map<String, String> all = new LinkedHashMap<>(heard);
      heard.clear();
      return all;
    }

    @Override
    public void hold(String address, Duration lifetime) {
      held.put(address, now + lifetime.toNanos());
    }

    @Override
    public void drop(String address) throws IOException {
      if (removalsFail) {
        throw new IOException("refused");
      }
      held.remove(address);
    }

    @Override
    public void rest() {
      heard.clear();
    }
  }
}

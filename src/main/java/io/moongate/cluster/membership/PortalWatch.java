package io.moongate.cluster.membership;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.failure.Observation.Kind;
import io.moongate.failure.PortalTrend;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at portals, again and again: whether this host still has the addresses of its own, and
 * whether those of other gateways take a connection. It says when that changes for good, with the
 * dampers of {@link PortalTrend}. A connection is closed as soon as it is there; nothing is sent.
 *
 * <p>One thread of its own does it: what it asks of the kernel may block.
 */
public final class PortalWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PortalWatch.class);

  /**
   * How it looks.
   *
   * @param enabled whether it looks at all
   * @param interval between two looks
   * @param timeout within which a portal takes a connection
   * @param misses looks in a row that fail before a portal counts as lost
   * @param stableFor how long it must be well before it does not any more; doubles with each loss
   */
  public record Settings(
      boolean enabled, Duration interval, Duration timeout, int misses, Duration stableFor) {}

  /** Told what has changed; on the watch's thread. */
  public interface Listener {
    /** As {@link GatewayMonitor.PartSeen}. */
    void seen(String gateway, String incarnation, Kind kind, String portal, String detail);
  }

  /** A portal of one process of a gateway. */
  private record Portal(String gateway, String incarnation, PortalAddress address) {}

  private static final class Watched {
    final PortalTrend trend;
    boolean reached;
    boolean said;

    Watched(Settings settings) {
      trend = new PortalTrend(settings.misses(), settings.stableFor());
    }
  }

  private final Settings settings;
  private final String self;
  private final Supplier<? extends Collection<GatewayEntry>> observed;
  private final Listener listener;
  private final Map<Portal, Watched> watched = new HashMap<>();
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Begins to look.
   *
   * @param self name of this gateway
   * @param observed the gateways whose portals are to be looked at, this one among them; asked
   *     before every look
   */
  public PortalWatch(
      Settings settings,
      String self,
      Supplier<? extends Collection<GatewayEntry>> observed,
      Listener listener) {
    this.settings = settings;
    this.self = self;
    this.observed = observed;
    this.listener = listener;
    this.thread = new Thread(this::run, "portal-watch");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    while (!closed) {
      try {
        look();
      } catch (IOException | RuntimeException | Error failure) {
        LOG.warn("event=portals-not-looked-at reason=\"{}\"", failure.toString());
      }
      try {
        Thread.sleep(settings.interval().toMillis());
      } catch (InterruptedException interrupted) {
        return;
      }
    }
  }

  private void look() throws IOException {
    Map<Portal, String> faults = new HashMap<>();
    List<Portal> others = new ArrayList<>();
    Set<Portal> all = new HashSet<>();
    for (GatewayEntry gateway : observed.get()) {
      for (PortalAddress address : gateway.portals()) {
        Portal portal = new Portal(gateway.name(), gateway.incarnation(), address);
        all.add(portal);
        if (gateway.name().equals(self)) {
          String fault = ownFault(address.address());
          if (fault != null) {
            faults.put(portal, fault);
          }
        } else {
          others.add(portal);
        }
      }
    }
    faults.putAll(unreachable(others));
    long now = System.nanoTime();
    for (Portal portal : all) {
      note(portal, faults.get(portal), now);
    }
    forget(all);
  }

  private void note(Portal portal, String fault, long now) {
    Watched seen = watched.computeIfAbsent(portal, fresh -> new Watched(settings));
    seen.reached |= fault == null || portal.gateway().equals(self);
    if (!seen.reached) {
      return; // It is about to be opened: its gateway has only registered.
    }
    boolean lost = seen.trend.looked(fault == null, now);
    if (lost && !seen.said) {
      seen.said = true;
      Kind kind = portal.gateway().equals(self) ? Kind.PORTAL_LOST : Kind.PORTAL_UNREACHABLE;
      say(portal, kind, fault == null ? "comes and goes" : fault);
    } else if (!lost && seen.said) {
      seen.said = false;
      say(portal, Kind.PORTAL_WELL, "well again");
    }
  }

  /** What is not looked at any more is not spoken of either. */
  private void forget(Set<Portal> all) {
    watched
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !all.contains(entry.getKey());
              if (gone && entry.getValue().said) {
                say(entry.getKey(), Kind.PORTAL_WELL, "not looked at any more");
              }
              return gone;
            });
  }

  private void say(Portal portal, Kind kind, String detail) {
    listener.seen(
        portal.gateway(), portal.incarnation(), kind, portal.address().toString(), detail);
  }

  /**
   * What is wrong with an address of this host; null when nothing is. What can be bound is an
   * address of it, however it came to have it.
   */
  static String ownFault(String address) {
    try {
      InetAddress local = InetAddress.getByName(address);
      new ServerSocket(0, 1, local).close();
      NetworkInterface link = NetworkInterface.getByInetAddress(local);
      return link == null || link.isUp()
          ? null
          : "the link of %s, %s, is down".formatted(address, link.getName());
    } catch (java.net.BindException refused) {
      return hasAddress(address) ? null : "this host has no address %s any more".formatted(address);
    } catch (IOException unknown) {
      return null; // Out of descriptors, say: that is nothing against the address.
    }
  }

  /** Whether an interface has it: then it can't be bound for another reason. */
  private static boolean hasAddress(String address) {
    try {
      InetAddress local = InetAddress.getByName(address);
      return local.isLoopbackAddress() || NetworkInterface.getByInetAddress(local) != null;
    } catch (IOException unknown) {
      return true;
    }
  }

  /** Connects to all at once; why, for each to which that does not succeed within the timeout. */
  private Map<Portal, String> unreachable(List<Portal> portals) throws IOException {
    Map<Portal, String> faults = new HashMap<>();
    if (portals.isEmpty()) {
      return faults;
    }
    try (Selector selector = Selector.open()) {
      try {
        for (Portal portal : portals) {
          connect(portal, selector, faults);
        }
        long end = System.nanoTime() + settings.timeout().toNanos();
        long left = settings.timeout().toMillis();
        while (left > 0 && selector.keys().stream().anyMatch(SelectionKey::isValid)) {
          selector.select(left);
          selector.selectedKeys().forEach(key -> finish(key, faults));
          selector.selectedKeys().clear();
          selector
              .selectNow(); // Drops what is cancelled, so that the next look at the keys is true.
          left = (end - System.nanoTime()) / 1_000_000;
        }
        for (SelectionKey key : selector.keys()) {
          if (key.isValid()) {
            faults.put(
                (Portal) key.attachment(),
                "no connection within " + settings.timeout().toMillis() + " ms");
          }
        }
      } finally {
        for (SelectionKey key : selector.keys()) {
          key.channel().close();
        }
      }
    }
    return faults;
  }

  private static void connect(Portal portal, Selector selector, Map<Portal, String> faults)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    boolean pending = false;
    try {
      channel.configureBlocking(false);
      InetSocketAddress address =
          new InetSocketAddress(portal.address().address(), portal.address().port());
      if (!channel.connect(address)) {
        channel.register(selector, SelectionKey.OP_CONNECT, portal);
        pending = true;
      }
    } catch (IOException | java.nio.channels.UnresolvedAddressException failure) {
      faults.put(portal, failure.toString());
    } finally {
      if (!pending) {
        channel.close();
      }
    }
  }

  private static void finish(SelectionKey key, Map<Portal, String> faults) {
    SocketChannel channel = (SocketChannel) key.channel();
    try (channel) {
      channel.finishConnect();
    } catch (IOException failure) {
      faults.put((Portal) key.attachment(), failure.toString());
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}

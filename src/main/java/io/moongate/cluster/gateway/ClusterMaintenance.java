package io.moongate.cluster.gateway;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.Refusals;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.View;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;

/** {@link Maintenance} by commands to the gateways' entities. */
public final class ClusterMaintenance implements Maintenance {
  private static final Duration PROBE_BOUND = Duration.ofSeconds(2);

  /** Sends a command to a gateway's entity, and takes its answer. */
  public interface Asking
      extends BiFunction<
          String, Function<ActorRef<Answer>, Gateway.Command>, CompletionStage<GatewayEntry>> {}

  /** What this gateway sees of the others. */
  public interface Sight {
    /** How the membership lists a process; empty when it does not. */
    Optional<String> member(String incarnation);

    /** Whether something accepts connections at an address. */
    CompletionStage<Boolean> answers(PortalAddress address);
  }

  private final String self;
  private final View view;
  private final Asking asking;
  private final Sight sight;
  private final Supplier<Optional<Duration>> leaseBound;
  private final LongSupplier nanoTime;
  private final long since;

  /**
   * @param self name of this gateway
   * @param leaseBound in which any lease that a gateway could hold runs out; empty while that is
   *     not known
   * @param nanoTime the monotonic clock
   */
  public ClusterMaintenance(
      String self,
      View view,
      Asking asking,
      Sight sight,
      Supplier<Optional<Duration>> leaseBound,
      LongSupplier nanoTime) {
    this.self = self;
    this.view = view;
    this.asking = asking;
    this.sight = sight;
    this.leaseBound = leaseBound;
    this.nanoTime = nanoTime;
    this.since = nanoTime.getAsLong();
  }

  private ClusterMaintenance(ClusterMaintenance of, Asking asking) {
    this.self = of.self;
    this.view = of.view;
    this.asking = asking;
    this.sight = of.sight;
    this.leaseBound = of.leaseBound;
    this.nanoTime = of.nanoTime;
    this.since = of.since;
  }

  /** The same, with another way of asking entities. */
  public ClusterMaintenance asking(Asking other) {
    return new ClusterMaintenance(this, other);
  }

  @Override
  public CompletionStage<GatewayEntry> drain(String gateway, String cause) {
    return asking.apply(gateway, replyTo -> new Gateway.Drain(cause, replyTo));
  }

  @Override
  public CompletionStage<GatewayEntry> undrain(String gateway, String cause) {
    return asking.apply(gateway, replyTo -> new Gateway.Undrain(cause, replyTo));
  }

  @Override
  public CompletionStage<GatewayEntry> remove(String gateway, String cause) {
    Optional<GatewayEntry> known = view.gateway(gateway);
    if (known.isEmpty()) {
      return refuse(Kind.NOT_FOUND, "there is no gateway " + gateway);
    }
    GatewayEntry entry = known.get();
    // Also of the gateway's own name: its new process, at another address, asks that way for the
    // old one that nobody can observe any more.
    Optional<String> member = sight.member(entry.incarnation());
    if (member.isPresent()) {
      return refuse(
          Kind.CONFLICT,
          "%s is a member of the cluster (%s): stop it first; if it has failed, that is noticed"
              .formatted(gateway, member.get()));
    }
    Duration watched = Duration.ofNanos(nanoTime.getAsLong() - since);
    Optional<Duration> bound = leaseBound.get();
    if (bound.isEmpty()) {
      return refuse(Kind.UNAVAILABLE, self + " has not read the charter of leases yet: ask again");
    }
    if (watched.compareTo(bound.get()) < 0) {
      return refuse(
          Kind.UNAVAILABLE,
          "%s has looked for %s since it started, and %s could serve for as long as %s: ask again"
              .formatted(self, watched, gateway, bound.get()));
    }
    return sight
        .answers(entry.relay())
        .thenCompose(
            answers ->
                answers
                    ? refuse(
                        Kind.CONFLICT,
                        "something answers at %s, where %s is registered: it may be alive"
                            .formatted(entry.relay(), gateway))
                    : asking.apply(
                        gateway,
                        replyTo -> new Gateway.Remove(entry.incarnation(), cause, replyTo)));
  }

  /** Whether a TCP connection to an address can be made within two seconds. */
  public static CompletionStage<Boolean> accepts(PortalAddress address) {
    CompletableFuture<Boolean> accepted = new CompletableFuture<>();
    try {
      AsynchronousSocketChannel channel = AsynchronousSocketChannel.open();
      accepted.whenComplete((done, failure) -> close(channel));
      channel.connect(
          new InetSocketAddress(address.address(), address.port()),
          null,
          new CompletionHandler<Void, Void>() {
            @Override
            public void completed(Void result, Void attachment) {
              accepted.complete(true);
            }

            @Override
            public void failed(Throwable failure, Void attachment) {
              accepted.complete(false);
            }
          });
    } catch (IOException | RuntimeException failure) {
      accepted.complete(false);
    }
    return accepted.completeOnTimeout(false, PROBE_BOUND.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void close(AsynchronousSocketChannel channel) {
    try {
      channel.close();
    } catch (IOException ignored) {
      // It was only asked whether it can be had.
    }
  }

  private static <T> CompletionStage<T> refuse(Kind kind, String message) {
    return Refusals.refuse(kind, "name", message);
  }
}

package io.moongate.session;

import io.moongate.scsi.TargetDirectory;
import io.moongate.transport.Accepted;
import io.moongate.transport.Listener;
import io.moongate.transport.Outgoing;
import io.moongate.wire.AddressText;
import io.moongate.wire.DigestSettings;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.LentDataIn;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One iSCSI portal: the address at which a gateway takes connections (RFC 7143 section 4.1). */
public final class IscsiServer {
  private static final Logger LOG = LoggerFactory.getLogger(IscsiServer.class);

  /** Bytes of the shortest data that is sent from where it is: less is sooner copied. */
  private static final int GATHERED = 8 * 1024;

  private final Listener listener;

  private IscsiServer(Listener listener) {
    this.listener = listener;
  }

  /**
   * Binds a portal and serves what connects to it.
   *
   * @param address what to listen on: a host name or a literal address
   * @param port 0 for a free one, see {@link #localAddress}
   * @param registry of the gateway, shared by its portals
   * @return fails when the address can't be bound
   */
  public static CompletionStage<IscsiServer> bind(
      ActorSystem<?> system,
      String address,
      int port,
      SessionSettings settings,
      TargetDirectory directory,
      SessionRegistry registry) {
    try {
      Listener listener =
          Listener.bind(
              system,
              new InetSocketAddress(address, port),
              settings.backlog(),
              settings.transport(),
              accepted ->
                  connection(
                      settings,
                      directory,
                      registry,
                      AddressText.of(accepted.peer()),
                      AddressText.of(accepted.local()),
                      accepted::unread));
      LOG.info("iSCSI portal at {}", listener.localAddress());
      return CompletableFuture.completedStage(new IscsiServer(listener));
    } catch (IOException | RuntimeException e) {
      return CompletableFuture.failedStage(
          new IOException("the portal %s:%d: %s".formatted(address, port, e.getMessage()), e));
    }
  }

  /** Everything that happens on a connection, from bytes to bytes. */
  static Flow<ByteString, Outgoing, NotUsed> connection(
      SessionSettings settings,
      TargetDirectory directory,
      SessionRegistry registry,
      String peer,
      String portal) {
    return connection(settings, directory, registry, peer, portal, () -> false);
  }

  /**
   * The same.
   *
   * @param unread whether something has arrived that was not read, as {@link Accepted#unread}
   */
  private static Flow<ByteString, Outgoing, NotUsed> connection(
      SessionSettings settings,
      TargetDirectory directory,
      SessionRegistry registry,
      String peer,
      String portal,
      BooleanSupplier unread) {
    DigestSettings digests = new DigestSettings();
    PduDecoder decoder = new PduDecoder(digests);
    PduEncoder encoder = new PduEncoder(digests);
    return Flow.of(ByteString.class)
        .via(new Framing(decoder))
        .via(
            new SessionStage(
                settings,
                registry,
                peer,
                unread,
                wiring ->
                    new Connection(
                        settings,
                        directory,
                        registry,
                        wiring.reentry(),
                        wiring.control(),
                        digests,
                        decoder,
                        peer,
                        portal,
                        wiring.nowNanos())))
        .map(batch -> encode(encoder, batch));
  }

  /** Where it listens. */
  public InetSocketAddress localAddress() {
    return listener.localAddress();
  }

  /** Takes no more connections; those there are go on. */
  public CompletionStage<Void> unbind() {
    listener.close();
    return CompletableFuture.completedStage(null);
  }

  private static Outgoing encode(PduEncoder encoder, List<TargetPdu> batch) {
    if (batch.size() == 1 && !(batch.get(0) instanceof LentDataIn)) {
      return Outgoing.of(encoder.encode(batch.get(0)));
    }
    Outgoing outgoing = new Outgoing();
    ByteStringBuilder bytes = ByteString.createBuilder();
    for (TargetPdu pdu : batch) {
      if (pdu instanceof LentDataIn lent && lent.dataLength() < GATHERED) {
        encoder.encodeTo(pdu, bytes);
        outgoing.whenSent(lent.sent());
      } else if (pdu instanceof LentDataIn lent) {
        encoder.headerTo(lent, bytes);
        outgoing.add(bytes.result()).add(lent.segment()).whenSent(lent.sent());
        bytes.clear();
        encoder.trailerTo(lent, bytes);
      } else {
        encoder.encodeTo(pdu, bytes);
      }
    }
    return outgoing.add(bytes.result());
  }
}

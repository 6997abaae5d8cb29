package io.moongate.session;

import io.moongate.scsi.TargetDirectory;
import io.moongate.wire.AddressText;
import io.moongate.wire.DigestSettings;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.TargetPdu;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.io.Inet;
import org.apache.pekko.io.TcpSO;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One iSCSI portal: the address at which a gateway takes connections (RFC 7143 section 4.1). */
public final class IscsiServer {
  private static final Logger LOG = LoggerFactory.getLogger(IscsiServer.class);

  private final Tcp.ServerBinding binding;

  private IscsiServer(Tcp.ServerBinding binding) {
    this.binding = binding;
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
    var materializer = SystemMaterializer.get(system).materializer();
    Arrivals arrivals = new Arrivals();
    List<Inet.SocketOption> options =
        List.of(TcpSO.tcpNoDelay(true), TcpSO.keepAlive(true), arrivals);
    return Tcp.get(system.classicSystem())
        .bind(address, port, settings.backlog(), options, false, Optional.empty())
        .to(
            Sink.foreach(
                incoming ->
                    incoming.handleWith(
                        connection(
                            settings,
                            directory,
                            registry,
                            AddressText.of(incoming.remoteAddress()),
                            AddressText.of(incoming.localAddress()),
                            arrivals.of(incoming.remoteAddress())),
                        materializer)))
        .run(materializer)
        .thenApply(
            binding -> {
              LOG.info("iSCSI portal at {}", binding.localAddress());
              return new IscsiServer(binding);
            });
  }

  /** Everything that happens on a connection, from bytes to bytes. */
  static Flow<ByteString, ByteString, NotUsed> connection(
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
   * @param unread whether something has arrived that was not read, as {@link Arrivals#of}
   */
  private static Flow<ByteString, ByteString, NotUsed> connection(
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
    return binding.localAddress();
  }

  /** Takes no more connections; those there are go on. */
  public CompletionStage<Void> unbind() {
    return binding.unbind().thenAccept(done -> {});
  }

  private static ByteString encode(PduEncoder encoder, List<TargetPdu> batch) {
    if (batch.size() == 1) {
      return encoder.encode(batch.get(0));
    }
    ByteStringBuilder bytes = ByteString.createBuilder();
    for (TargetPdu pdu : batch) {
      encoder.encodeTo(pdu, bytes);
    }
    return bytes.result();
  }
}

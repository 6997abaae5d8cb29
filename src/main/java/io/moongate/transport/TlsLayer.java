package io.moongate.transport;

import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.TLSClosing;
import org.apache.pekko.stream.TLSProtocol.SendBytes;
import org.apache.pekko.stream.TLSProtocol.SessionBytes;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.TLS;
import org.apache.pekko.util.ByteString;

/** TLS between what serves a connection and its socket. */
public final class TlsLayer {
  private TlsLayer() {}

  /**
   * What serves a connection, behind TLS. It sees nothing before the handshake is done; one that
   * fails is a connection that failed.
   *
   * @param engine of each connection a new one
   */
  public static <M> Flow<ByteString, Outgoing, M> before(
      Supplier<SSLEngine> engine, Flow<ByteString, Outgoing, M> served) {
    BidiFlow<ByteString, ByteString, ByteString, ByteString, NotUsed> tls =
        BidiFlow.fromFlows(
                Flow.of(ByteString.class).<SslTlsOutbound>map(bytes -> new SendBytes(bytes)),
                Flow.of(SslTlsInbound.class)
                    .filter(SessionBytes.class::isInstance)
                    .map(inbound -> ((SessionBytes) inbound).bytes()))
            .atop(TLS.create(engine, TLSClosing.eagerClose()));
    return tls.reversed().join(served.map(Outgoing::intoBytes), Keep.right()).map(Outgoing::of);
  }
}

package io.moongate.cluster.membership;

import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;
import scala.Option;

/**
 * Mutual TLS of the cluster's own traffic, by the files of {@code moongate.tls}. Each side must
 * have a certificate of the authorities named there; the one that is connected to also one that
 * names the host. Pekko makes it by its name.
 */
public final class ClusterTls implements SSLEngineProvider {
  private final Tls tls;

  /** The constructor that Pekko calls. */
  public ClusterTls(ActorSystem system) {
    tls =
        TlsFiles.mutual(system.settings().config(), "moongate.tls")
            .map(Tls::of)
            .orElseThrow(() -> new IllegalArgumentException("moongate.tls: no files are named"));
  }

  @Override
  public SSLEngine createServerSSLEngine(String hostname, int port) {
    return tls.server(Tls.Peer.MUST_AUTHENTICATE);
  }

  @Override
  public SSLEngine createClientSSLEngine(String hostname, int port) {
    return tls.client(hostname, port);
  }

  /** The handshake has verified all that there is to verify. */
  @Override
  public Option<Throwable> verifyClientSession(String hostname, SSLSession session) {
    return Option.empty();
  }

  @Override
  public Option<Throwable> verifyServerSession(String hostname, SSLSession session) {
    return Option.empty();
  }
}

package io.moongate;

import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.management.javadsl.PekkoManagement;

/**
 * The port at which gateways find their cluster (Pekko Management): of mutual TLS where {@code
 * moongate.tls} is set, as the cluster's own traffic is, and with the same files. Its routes only
 * read.
 */
final class PekkoManagementPort {
  private PekkoManagementPort() {}

  /**
   * Opens it, before the system looks for its cluster.
   *
   * @param files of {@code moongate.tls}
   * @return its URL; fails when the address is taken
   * @throws IllegalArgumentException when a file has a mistake
   */
  static CompletionStage<Uri> start(ActorSystem<?> system, Optional<TlsFiles> files) {
    PekkoManagement management = PekkoManagement.get(system.classicSystem());
    if (files.isEmpty()) {
      return management.start();
    }
    Tls tls = Tls.of(files.get());
    // Seed nodes are asked with the system's default; nothing else here is a client of Pekko HTTP.
    Http.get(system).setDefaultClientHttpsContext(ConnectionContext.httpsClient(tls::client));
    HttpsConnectionContext server =
        ConnectionContext.httpsServer(() -> tls.server(Tls.Peer.MUST_AUTHENTICATE));
    return management.start(settings -> settings.withHttpsConnectionContext(server));
  }
}

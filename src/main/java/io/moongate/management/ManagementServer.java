package io.moongate.management;

import io.moongate.audit.AuditLog;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.security.RefusedAttempt;
import io.moongate.security.KnownUsers;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.net.InetAddress;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.ServerBuilder;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.duration.Duration;

/** Serves the HTTP API below {@code /api/v1}. */
public final class ManagementServer {
  private static final Logger log = LoggerFactory.getLogger(ManagementServer.class);

  private static final java.time.Duration REFUSALS_TOLD = java.time.Duration.ofSeconds(10);

  private ManagementServer() {}

  /**
   * Binds the API. It is unbound, and requests in flight are given their time, when the system's
   * coordinated shutdown runs.
   *
   * @param security who is let in
   * @param audit what was; empty where nothing is to be said of it
   * @param keeper told of requests that were refused for who sent them
   * @param times where requests are timed
   * @param reloading takes what has changed in the configuration file
   * @return the binding; fails when the address is taken
   * @throws IllegalArgumentException when {@code moongate.management.host} is unknown, or is not
   *     loopback and {@code moongate.management.allow-remote} is off, or a file of {@code security}
   *     has a mistake
   */
  public static CompletionStage<ServerBinding> start(
      ActorSystem<?> system,
      ManagementSettings settings,
      SecuritySettings security,
      Metadata metadata,
      Optional<AuditLog> audit,
      Consumer<RefusedAttempt> keeper,
      Monitoring monitoring,
      RequestTimes times,
      Reloading reloading) {
    InetAddress address = settings.address();
    if (!address.isLoopbackAddress() && security.tls().isEmpty()) {
      log.warn(
          "management: the API on {} has no certificate (moongate.management.tls): whoever can read"
              + " what passes on the network can use the tokens",
          address.getHostAddress());
    }
    RefusedAttempts attempts = new RefusedAttempts(Clock.systemUTC(), keeper);
    system
        .scheduler()
        .scheduleWithFixedDelay(
            REFUSALS_TOLD,
            REFUSALS_TOLD,
            () -> {
              attempts.tell();
              MalformedRequests.OF_PROCESS.tell();
            },
            system.executionContext());
    KnownUsers users = new KnownUsers(security.usersFile());
    if (users.now().isEmpty()) {
      log.warn(
          "event=api-locked: no user is known ({}). To make one: moongate token create --user NAME"
              + " --role admin --file {}",
          security.usersFile(),
          security.usersFile());
    }
    Gate gate = new Gate(security, users, attempts, Clock.systemUTC(), System::nanoTime);
    ServerBuilder server =
        Http.get(system)
            .newServerAt(address.getHostAddress(), settings.port())
            .withSettings(serverSettings(system, settings));
    return security
        .tls()
        .map(files -> server.enableHttps(https(files)))
        .orElse(server)
        .bind(
            new ApiRoutes(system, settings, metadata, audit, gate, monitoring, times, reloading)
                .all())
        .thenApply(
            binding -> {
              log.info("management: API on {}", binding.localAddress());
              return binding.addToCoordinatedShutdown(settings.shutdownTimeout(), system);
            });
  }

  /** The version of Moongate, from the jar's manifest. */
  public static String version() {
    return Optional.ofNullable(ManagementServer.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  private static HttpsConnectionContext https(TlsFiles files) {
    Tls tls = Tls.of(files);
    Tls.Peer clients = files.ca().isPresent() ? Tls.Peer.MAY_AUTHENTICATE : Tls.Peer.ANONYMOUS;
    return ConnectionContext.httpsServer(() -> tls.server(clients));
  }

  private static ServerSettings serverSettings(ActorSystem<?> system, ManagementSettings settings) {
    ServerSettings defaults = ServerSettings.create(system.classicSystem());
    return defaults
        .withServerHeader(Optional.empty())
        .withRemoteAddressAttribute(true)
        .withTransparentHeadRequests(true)
        .withMaxConnections(settings.maxConnections())
        .withPipeliningLimit(1)
        .withParsingErrorHandler(ProblemParsingErrorHandler.class.getName())
        .withTerminationDeadlineExceededResponse(
            Problems.response(
                new ProblemException(ProblemType.UNAVAILABLE, "This gateway is stopping"),
                (String) null))
        .withParserSettings(
            defaults
                .getParserSettings()
                .withMaxContentLength(settings.maxRequestSize())
                .withIncludeSslSessionAttribute(true)
                // What it warns of it quotes: a token, if that has a character too many.
                .withIllegalHeaderWarnings(false))
        .withTimeouts(
            defaults
                .getTimeouts()
                .withRequestTimeout(Duration.fromNanos(settings.requestTimeout().toNanos()))
                .withIdleTimeout(Duration.fromNanos(settings.idleTimeout().toNanos())));
  }
}

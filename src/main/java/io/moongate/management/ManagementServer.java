package io.moongate.management;

import io.moongate.audit.AuditLog;
import io.moongate.cluster.Metadata;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.duration.Duration;

/** Serves the HTTP API below {@code /api/v1}. */
public final class ManagementServer {
  private static final Logger log = LoggerFactory.getLogger(ManagementServer.class);

  private ManagementServer() {}

  /** The same without the routes about what was. */
  static CompletionStage<ServerBinding> start(
      ActorSystem<?> system, ManagementSettings settings, Metadata metadata) {
    return start(system, settings, metadata, Optional.empty());
  }

  /**
   * Binds the API. It is unbound, and requests in flight are given their time, when the system's
   * coordinated shutdown runs.
   *
   * @param audit what was; empty where nothing is to be said of it
   * @return the binding; fails when the address is taken
   * @throws IllegalArgumentException when {@code moongate.management.host} is unknown, or is not
   *     loopback and {@code moongate.management.allow-remote} is off
   */
  public static CompletionStage<ServerBinding> start(
      ActorSystem<?> system,
      ManagementSettings settings,
      Metadata metadata,
      Optional<AuditLog> audit) {
    InetAddress address = settings.address();
    if (!address.isLoopbackAddress()) {
      log.warn(
          "management: the API on {} is open to whoever reaches it: it has no authentication yet",
          address.getHostAddress());
    }
    return Http.get(system)
        .newServerAt(address.getHostAddress(), settings.port())
        .withSettings(serverSettings(system, settings))
        .bind(new ApiRoutes(system, settings, metadata, audit).all())
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
            defaults.getParserSettings().withMaxContentLength(settings.maxRequestSize()))
        .withTimeouts(
            defaults
                .getTimeouts()
                .withRequestTimeout(Duration.fromNanos(settings.requestTimeout().toNanos()))
                .withIdleTimeout(Duration.fromNanos(settings.idleTimeout().toNanos())));
  }
}

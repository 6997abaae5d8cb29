package io.moongate;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.moongate.audit.AuditSettings;
import io.moongate.cluster.NodeSettings;
import io.moongate.cluster.portal.Takeover;
import io.moongate.management.ManagementSettings;
import io.moongate.management.SecuritySettings;
import io.moongate.metrics.MetricsSettings;
import io.moongate.session.SessionSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** All that a gateway's configuration says, read and looked at as a whole. */
record GatewaySettings(
    Config config,
    NodeSettings node,
    ManagementSettings management,
    SecuritySettings security,
    DataServices.Settings services,
    MetricsSettings metrics,
    AuditSettings audit,
    Optional<Takeover.Settings> takeover) {

  /**
   * Reads them.
   *
   * @param incarnation of this process
   * @throws GatewayConfig.Mistake that names the key and what was expected
   */
  static GatewaySettings read(Path file, String incarnation) {
    return of(GatewayConfig.load(file, incarnation));
  }

  /**
   * Of a configuration that was loaded.
   *
   * @throws GatewayConfig.Mistake that names the key and what was expected
   */
  static GatewaySettings of(Config config) {
    try {
      DataServices.Settings services = DataServices.Settings.from(config);
      NodeSettings node = NodeSettings.from(config);
      requirePatience(services.sessions(), node);
      return new GatewaySettings(
          config,
          node,
          ManagementSettings.from(config),
          SecuritySettings.from(config),
          services,
          MetricsSettings.from(config),
          AuditSettings.from(config),
          PortalLinks.settings(config, services.portals()));
    } catch (ConfigException | IllegalArgumentException mistake) {
      throw new GatewayConfig.Mistake(mistake.getMessage());
    }
  }

  /**
   * A gateway that stalls begins what it had relayed, or received, up to a deadline after its lease
   * is over: hosts must not have sent it again by then (docs/safety.md).
   */
  private static void requirePatience(SessionSettings sessions, NodeSettings node) {
    Duration most = node.lease().protocol().length().plus(sessions.commandDeadline());
    if (sessions.silentPatience().compareTo(most) <= 0) {
      throw new IllegalArgumentException(
          "moongate.iscsi.host-patience.silence: found %d ms, expected more than moongate.lease.length and moongate.iscsi.command-deadline together, which are %d ms"
              .formatted(sessions.silentPatience().toMillis(), most.toMillis()));
    }
  }
}

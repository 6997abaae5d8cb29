package io.moongate;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.moongate.audit.AuditSettings;
import io.moongate.cluster.NodeSettings;
import io.moongate.cluster.portal.Takeover;
import io.moongate.management.ManagementSettings;
import io.moongate.management.SecuritySettings;
import io.moongate.metrics.MetricsSettings;
import java.nio.file.Path;
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
      return new GatewaySettings(
          config,
          NodeSettings.from(config),
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
}

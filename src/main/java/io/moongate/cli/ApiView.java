package io.moongate.cli;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Path;
import io.moongate.management.api.Target;
import java.util.List;

/**
 * A cluster as a gateway's API shows it, for whoever compares that with what hosts see.
 *
 * @param gateway name of the gateway that was asked
 * @param units each once for every place where it is mapped
 */
public record ApiView(
    String gateway,
    List<Gateway> gateways,
    List<Target> targets,
    List<LogicalUnit> units,
    List<Path> paths) {
  public ApiView {
    gateways = List.copyOf(gateways);
    targets = List.copyOf(targets);
    units = List.copyOf(units);
    paths = List.copyOf(paths);
  }
}

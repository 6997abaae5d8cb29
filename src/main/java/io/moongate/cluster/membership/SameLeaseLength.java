package io.moongate.cluster.membership;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Valid$;

/**
 * Keeps a gateway out of a cluster whose leases are of another length: it would take those of
 * others for out too soon, or they its own. Pekko asks it at each joining, and ends who may not
 * join.
 */
public final class SameLeaseLength extends SameSetting {
  private static final String KEY = "moongate.lease.length";

  /** For Pekko, which makes it by its name. */
  public SameLeaseLength() {
    super(KEY);
  }

  @Override
  public ConfigValidation check(Config joining, Config actual) {
    if (!joining.hasPath(KEY)) {
      return invalid("%s: found nothing at the gateway that joins".formatted(KEY));
    }
    Duration there;
    try {
      there = joining.getDuration(KEY);
    } catch (ConfigException mistake) {
      return invalid(mistake.getMessage());
    }
    Duration here = actual.getDuration(KEY);
    return there.equals(here)
        ? Valid$.MODULE$
        : different("gateway", there.toMillis() + " ms", here.toMillis() + " ms");
  }
}

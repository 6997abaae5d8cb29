package io.moongate.cluster.membership;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Valid$;

/**
 * Keeps a member out of a cluster in which addresses that are held for a failed gateway live for
 * another time: it would take one for gone that somebody still has, or they one of its own. Also
 * where takeover is off: whoever joins is compared with one of the members only, which need not be
 * one that has it on.
 */
public final class SameAddressLifetime extends SameSetting {
  private static final String KEY = "moongate.portal-takeover.address-lifetime";

  /** For Pekko, which makes it by its name. */
  public SameAddressLifetime() {
    super(KEY);
  }

  @Override
  public ConfigValidation check(Config joining, Config actual) {
    if (!joining.hasPath(KEY) || !actual.hasPath(KEY)) {
      return Valid$.MODULE$; // One of a version that holds no addresses.
    }
    try {
      Duration there = joining.getDuration(KEY);
      Duration here = actual.getDuration(KEY);
      return there.equals(here)
          ? Valid$.MODULE$
          : different("member", there.toSeconds() + " s", here.toSeconds() + " s");
    } catch (ConfigException mistake) {
      return invalid(mistake.getMessage());
    }
  }
}

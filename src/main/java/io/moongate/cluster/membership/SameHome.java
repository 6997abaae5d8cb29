package io.moongate.cluster.membership;

import com.typesafe.config.Config;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Valid$;

/**
 * Keeps a member out of a cluster whose entities live on members of another role: each would have a
 * home that the other does not know of. Pekko asks it at each joining, and ends who may not join.
 */
public final class SameHome extends SameSetting {
  private static final String KEY = "moongate.cluster.entities";

  /** For Pekko, which makes it by its name. */
  public SameHome() {
    super(KEY);
  }

  @Override
  public ConfigValidation check(Config joining, Config actual) {
    String there = home(joining);
    String here = home(actual);
    return there.equals(here) ? Valid$.MODULE$ : different("member", there, here);
  }

  /** One of a version that does not say it has them on gateways. */
  private static String home(Config config) {
    return config.hasPath(KEY) ? config.getString(KEY) : MemberIdentity.GATEWAY_ROLE;
  }
}

package io.moongate.cluster.membership;

import com.typesafe.config.Config;
import java.util.List;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.JoinConfigCompatChecker;
import org.apache.pekko.cluster.Valid$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Keeps a member out of a cluster whose entities live on members of another role: each would have a
 * home that the other does not know of. Pekko asks it at each joining, and ends who may not join.
 */
public final class SameHome extends JoinConfigCompatChecker {
  private static final String KEY = "moongate.cluster.entities";

  @Override
  public Seq<String> requiredKeys() {
    return sequence(KEY);
  }

  @Override
  public ConfigValidation check(Config joining, Config actual) {
    String there = home(joining);
    String here = home(actual);
    return there.equals(here)
        ? Valid$.MODULE$
        : Invalid.apply(
            sequence(
                "%s: found %s on one member and %s on another, expected the same; stop all of them to change it"
                    .formatted(KEY, there, here)));
  }

  /** One of a version that does not say it has them on gateways. */
  private static String home(Config config) {
    return config.hasPath(KEY) ? config.getString(KEY) : MemberIdentity.GATEWAY_ROLE;
  }

  private static Seq<String> sequence(String only) {
    return CollectionConverters.asScala(List.of(only)).toSeq();
  }
}

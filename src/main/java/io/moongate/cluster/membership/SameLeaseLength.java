package io.moongate.cluster.membership;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.JoinConfigCompatChecker;
import org.apache.pekko.cluster.Valid$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Keeps a gateway out of a cluster whose leases are of another length: it would take those of
 * others for out too soon, or they its own. Pekko asks it at each joining, and ends who may not
 * join.
 */
public final class SameLeaseLength extends JoinConfigCompatChecker {
  private static final String KEY = "moongate.lease.length";

  @Override
  public Seq<String> requiredKeys() {
    return sequence(KEY);
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
        : invalid(
            "%s: found %d ms on one gateway and %d ms on another, expected the same; stop all of them to change it"
                .formatted(KEY, there.toMillis(), here.toMillis()));
  }

  private static ConfigValidation invalid(String reason) {
    return Invalid.apply(sequence(reason));
  }

  private static Seq<String> sequence(String only) {
    return CollectionConverters.asScala(List.of(only)).toSeq();
  }
}

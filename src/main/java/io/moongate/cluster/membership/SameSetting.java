package io.moongate.cluster.membership;

import java.util.List;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.JoinConfigCompatChecker;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A setting that has to be the same on every member. Pekko asks about it at each joining, and ends
 * who may not join.
 */
abstract class SameSetting extends JoinConfigCompatChecker {
  private final String key;

  SameSetting(String key) {
    this.key = key;
  }

  @Override
  public final Seq<String> requiredKeys() {
    return sequence(key);
  }

  /**
   * That it is not the same.
   *
   * @param who what has it: "gateway" or "member"
   */
  final ConfigValidation different(String who, String there, String here) {
    return invalid(
        "%s: found %s on one %s and %s on another, expected the same; stop all of them to change it"
            .formatted(key, there, who, here));
  }

  static ConfigValidation invalid(String reason) {
    return Invalid.apply(sequence(reason));
  }

  private static Seq<String> sequence(String only) {
    return CollectionConverters.asScala(List.of(only)).toSeq();
  }
}

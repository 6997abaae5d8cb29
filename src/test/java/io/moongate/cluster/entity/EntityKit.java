package io.moongate.cluster.entity;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;

/** What tests of entities run on. */
public final class EntityKit {
  private EntityKit() {}

  /** The serialization that {@code conf/cluster.conf} sets. */
  public static Config serialization() {
    Config conf = ConfigFactory.parseResources("cluster.conf");
    return conf.withOnlyPath("pekko.actor.serialization-bindings")
        .withFallback(conf.withOnlyPath("pekko.actor.allow-java-serialization"))
        .withFallback(conf.withOnlyPath("pekko.serialization.jackson"))
        .withFallback(ConfigFactory.defaultReference().withOnlyPath("pekko.serialization.jackson"))
        .resolve();
  }

  /** Journal and snapshots in memory, and a clock that the test moves. */
  public static Config config() {
    return ManualTime.config()
        .withFallback(
            ConfigFactory.parseString(
                """
                pekko.loglevel = WARNING
                pekko.persistence.journal.plugin = "shared-journal"
                pekko.persistence.snapshot-store.plugin = "shared-snapshots"
                shared-journal {
                  class = "io.moongate.cluster.entity.SharedJournal"
                  plugin-dispatcher = "pekko.actor.default-dispatcher"
                  replay-filter.mode = off
                }
                shared-snapshots {
                  class = "io.moongate.cluster.entity.SharedSnapshots"
                  plugin-dispatcher = "pekko.actor.default-dispatcher"
                }
                """))
        .withFallback(serialization())
        .withFallback(ConfigFactory.load("reference"));
  }
}

package io.moongate.audit;

import com.datastax.oss.driver.api.core.CqlSession;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.schema.SchemaConnection;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.SerializationExtension;

/** The journal as a command reads it by itself: no gateway is asked, and nothing is changed. */
final class JournalAccess implements AutoCloseable {
  private final CqlSession session;
  private final ActorSystem system;
  private final Journal journal;

  /**
   * Opens it.
   *
   * @param file a gateway's configuration
   */
  JournalAccess(Path file) {
    SchemaConnection connection = SchemaConnection.of(file);
    session = connection.open(Duration.ZERO);
    journal = new CassandraJournal(session, connection.keyspace());
    system = ActorSystem.create("audit", serialization());
  }

  /** The serializers of a gateway, and no cluster. */
  static Config serialization() {
    Config conf = ConfigFactory.parseResources("cluster.conf");
    return conf.withOnlyPath("pekko.actor.serialization-bindings")
        .withFallback(conf.withOnlyPath("pekko.actor.allow-java-serialization"))
        .withFallback(conf.withOnlyPath("pekko.serialization.jackson"))
        .withFallback(conf.withOnlyPath("pekko.loggers"))
        .withFallback(conf.withOnlyPath("pekko.logging-filter"))
        .withFallback(
            ConfigFactory.parseString("pekko { loglevel = WARNING, actor.provider = local }"))
        .withFallback(ConfigFactory.load("reference"))
        .resolve();
  }

  Journal journal() {
    return journal;
  }

  JournalCodec codec() {
    return new JournalCodec(SerializationExtension.get(system));
  }

  @Override
  public void close() {
    system.terminate();
    session.close();
  }
}

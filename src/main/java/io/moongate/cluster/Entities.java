package io.moongate.cluster;

import io.moongate.cluster.cassandra.CassandraIdentifiers;
import io.moongate.cluster.entity.Terms;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.OwnershipRows;
import java.time.Clock;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.typed.Cluster;

/** The entities of the metadata, sharded over the members of one role. */
final class Entities {
  private Entities() {}

  /** Hosts them here, if this member has the role; else only the way to them. */
  static void init(
      ActorSystem<?> system,
      NodeSettings settings,
      Terms terms,
      OwnershipRows rows,
      CassandraIdentifiers identifiers,
      ActorRef<ViewPublisher.Command> publisher,
      Clock clock) {
    ClusterSharding sharding = ClusterSharding.get(system);
    sharding.init(
        Entity.of(
                Gateway.KEY,
                entity ->
                    Gateway.create(
                        entity.getEntityId(),
                        terms,
                        identifiers,
                        publisher,
                        process -> isMember(system, process),
                        clock))
            .withRole(settings.entitiesOn()));
    sharding.init(
        Entity.of(
                Target.KEY, entity -> Target.create(entity.getEntityId(), terms, publisher, clock))
            .withRole(settings.entitiesOn()));
    sharding.init(
        Entity.of(
                LogicalUnit.KEY,
                entity ->
                    LogicalUnit.create(
                        entity.getEntityId(), terms, rows, publisher, settings.unit(), clock))
            .withRole(settings.entitiesOn()));
  }

  private static boolean isMember(ActorSystem<?> system, String process) {
    return MemberIdentity.find(Cluster.get(system).state(), process).isPresent();
  }
}

package io.moongate.cluster;

import io.moongate.cluster.access.AccessLists;
import io.moongate.cluster.gateway.Maintenance;
import io.moongate.cluster.ownership.WaitingUnits.Waiting;
import io.moongate.cluster.snapshot.Snapshots;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewChanges;
import io.moongate.failure.Observation;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The metadata cluster as the management API asks it. Reading is from this gateway's replica;
 * changes are commands to the entities, complete when the event is in the journal and confirmed,
 * and fail with a {@link Refusal}.
 */
public interface Metadata extends ViewSource {

  /**
   * The same, with every change that is asked of it being asked by {@code origin}; as it is given,
   * a change is asked by the gateway itself.
   */
  Metadata as(Origin origin);

  /**
   * The same for one change, which is refused with {@link Refusal.Kind#OUTDATED} unless the entity
   * is what is expected of it. The entity is asked before anything is done, and decides again
   * itself when it is changed: of two that expect the same of it, one is refused.
   */
  CompletionStage<Metadata> expecting(Expected expected);

  /** This gateway's replica of the view. */
  @Override
  View view();

  /** The last changes of that, for those who follow it. */
  ViewChanges changes();

  /** What stands against gateways, and parts of them, as this gateway knows it. */
  @Override
  List<Observation> observations();

  /** Units whose owner has failed and that nobody else owns yet, as this gateway knows it. */
  List<Waiting> waiting();

  /**
   * What is asked of a unit, in operations a second and averaged over a while, as this gateway was
   * told by its owner: a command on blocks is one, and one more for every 32 KiB.
   */
  @Override
  double load(String unitId);

  /** Name of this gateway. */
  String gateway();

  /**
   * Creates a target; repeating an equal creation answers with what is there.
   *
   * @param gateways those that export it; empty for every gateway
   * @param explicitAlua whether hosts may choose a unit's owner through it; empty: not, and for a
   *     target that is there as it is
   */
  CompletionStage<TargetEntry> createTarget(
      String iscsiName, List<String> gateways, Optional<Boolean> explicitAlua);

  /**
   * Lets hosts choose a unit's owner by SET TARGET PORT GROUPS through a target, or not any more;
   * each gateway goes by it as soon as its replica has learnt it. Repeating it is accepted.
   */
  CompletionStage<TargetEntry> setExplicitAlua(String iscsiName, boolean explicitAlua);

  /** Deletes a target that has no LUN. */
  CompletionStage<Void> deleteTarget(String iscsiName);

  /** Who may log in to targets. */
  AccessLists accessLists();

  /**
   * Creates a logical unit with its volume and maps it; repeating an equal creation answers with
   * what is there.
   *
   * @param lun 0 to 16383
   * @param size bytes
   * @param blockSize 512 or 4096
   * @param store kind of the volume store
   * @param preferred gateways in order of preference as owners; may be empty
   * @param attributes what kind of disk it is to be
   */
  CompletionStage<UnitEntry> createUnit(
      String target,
      int lun,
      long size,
      int blockSize,
      String store,
      List<String> preferred,
      UnitAttributes attributes);

  /**
   * Makes a logical unit read-only, or writable again. Complete when every gateway has been told,
   * the owner among them, or is silent for so long that it has lost its lease: from then on no
   * command that writes begins. One that had begun may end later. Repeating it is accepted.
   */
  CompletionStage<UnitEntry> setReadOnly(String unitId, boolean readOnly, String cause);

  /**
   * Makes a logical unit larger; complete when its owner serves the new size and hosts are told. A
   * size that it has already is accepted, a smaller one refused.
   *
   * @param size bytes, a multiple of its block size
   */
  CompletionStage<UnitEntry> resizeUnit(String unitId, long size, String cause);

  /**
   * Maps a logical unit at a LUN of a target, which may be one of several; repeating it is
   * accepted.
   *
   * @param lun 0 to 16383
   */
  CompletionStage<TargetEntry> mapUnit(String target, int lun, String unitId);

  /** Takes a LUN away from whichever unit it is; the unit stays. */
  CompletionStage<TargetEntry> unmapLun(String target, int lun);

  /**
   * Takes a logical unit out of every target and deletes it with its data. Refused while sessions
   * are logged in to a target that maps it through any gateway, or may be: a gateway that is up
   * does not say. Refused, whatever {@code force} says, while its volume has snapshots.
   *
   * @param force delete it all the same
   */
  CompletionStage<Void> deleteUnit(String unitId, boolean force);

  /** Moves the ownership of a unit to a gateway; complete when the new owner serves. */
  CompletionStage<UnitEntry> moveUnit(String unitId, String toGateway, String cause);

  /**
   * Takes back a planned move that its owner has not finished: it keeps the unit. Refused with
   * CONFLICT when there is none, or the next owner is about to serve; with UNAVAILABLE while the
   * ownership row can't be asked.
   */
  CompletionStage<UnitEntry> cancelMove(String unitId, String cause);

  /**
   * Changes by which gateways a unit is to be owned, the most wanted first; may be empty. Nothing
   * moves for that at once: failback does, where it is automatic.
   */
  CompletionStage<UnitEntry> preferUnit(String unitId, List<String> preferred, String cause);

  /** Snapshots of logical units. */
  Snapshots snapshots();

  /** What is done with gateways as a whole. */
  Maintenance maintenance();

  /** What lies below the units. */
  VolumeStores volumeStores();

  /** The iSCSI sessions of every gateway that answers within the bound; others are named. */
  CompletionStage<Sessions> sessions();

  /**
   * Has a gateway close a session: its initiator is asked to log out, and who has not done so
   * within the gateway's bound is dropped. Complete when it is over. Refused with NOT_FOUND when
   * that gateway has no such session, or is not up.
   */
  CompletionStage<Void> closeSession(SessionId id);

  /** The members of the cluster, and the lease of this gateway. */
  ClusterStanding cluster();

  /** Sessions, and the gateways that did not answer. */
  record Sessions(List<SessionEntry> sessions, List<String> silent) {}

  /** One iSCSI session. */
  record SessionEntry(
      String gateway,
      String initiator,
      String isid,
      int tsih,
      Optional<String> target,
      String portal,
      String peer,
      Instant since,
      int commandsInFlight)
      implements CborSerializable {
    /** What names it. */
    public SessionId id() {
      return new SessionId(gateway, isid, tsih, since.toEpochMilli());
    }
  }

  /** A change that was refused. */
  final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final Kind kind;
    private final String field;

    public Refusal(Kind kind, String field, String message) {
      super(message, null, false, false);
      this.kind = kind;
      this.field = field;
    }

    /** What sort of refusal. */
    public Kind kind() {
      return kind;
    }

    /** The field of the request that it is about; empty when it is about none. */
    public String field() {
      return field;
    }

    /** What sort of refusal. */
    public enum Kind {
      /** The request can't be right, whatever the state. */
      INVALID,
      /** There is no such thing. */
      NOT_FOUND,
      /** The state does not allow it. */
      CONFLICT,
      /** It has changed since whoever asks has looked at it. */
      OUTDATED,
      /** It can't be decided now: an entity, Cassandra or a store does not answer. */
      UNAVAILABLE
    }
  }
}

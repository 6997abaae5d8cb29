package io.moongate.cluster;

import static io.moongate.cluster.Refusals.cause;
import static io.moongate.cluster.Refusals.refuse;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.UnitNames.Holder;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitAttributes.ClonedFrom;
import io.moongate.cluster.view.UnitAttributes.Imported;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Brings logical units into being: with a new volume, or with one that is there already.
 *
 * <p>A volume that is imported gives the unit its id. So two gateways that import one at the same
 * time ask the same entity, which comes into being once; and an import that was interrupted goes on
 * where it was when it is repeated. One that was a unit's whose metadata are lost gives it together
 * with the id of that one, which a store has on record.
 */
final class NewUnits {

  /** What is asked for. */
  record Wanted(
      String target,
      int lun,
      long size,
      int blockSize,
      String store,
      List<String> preferred,
      UnitAttributes attributes) {

    /** Whether a unit is what would be made. Where there is a volume already it says the size. */
    boolean describes(UnitEntry unit) {
      return !unit.deleted()
          && (unit.size() == size || (size == 0 && hasContent()))
          && unit.blockSize() == blockSize
          && unit.store().equals(store)
          && unit.attributes().equals(attributes);
    }

    private boolean hasContent() {
      return attributes.imported().isPresent() || attributes.clonedFrom().isPresent();
    }
  }

  /** Asks the entities. */
  interface Entities {
    CompletionStage<UnitEntry> unit(
        String id, Function<ActorRef<Answer>, LogicalUnit.Command> command);

    CompletionStage<TargetEntry> target(
        String name, Function<ActorRef<Answer>, Target.Command> command);

    /** Maps a unit that lives; when it is deleted meanwhile the mapping is taken back. */
    CompletionStage<?> map(String target, int lun, String unitId);

    /** Deletes a unit that nobody has seen, and its volume. */
    CompletionStage<Void> remove(UnitEntry unit, String cause);

    /** Completes once no gateway serves any more what was deleted before. */
    CompletionStage<Void> leasesOut();
  }

  private final View view;
  private final Entities entities;
  private final UnitNames names;
  private final VolumeProvisioner volumes;

  NewUnits(View view, Entities entities, UnitNames names, VolumeProvisioner volumes) {
    this.view = view;
    this.entities = entities;
    this.names = names;
    this.volumes = volumes;
  }

  /** Makes a unit and maps it; one that is mapped there already must be what is asked for. */
  CompletionStage<UnitEntry> make(Wanted wanted) {
    return entities
        .target(wanted.target(), Target.Get::new)
        .thenCompose(
            target -> {
              if (target.deleted()) {
                return refuse(Kind.NOT_FOUND, "target", "there is no target " + wanted.target());
              }
              String mapped = target.luns().get(wanted.lun());
              if (mapped != null) {
                return existing(mapped, wanted);
              }
              Optional<ClonedFrom> clonedFrom = wanted.attributes().clonedFrom();
              if (clonedFrom.isPresent()) {
                return cloned(wanted, clonedFrom.get(), 0);
              }
              return wanted
                  .attributes()
                  .imported()
                  .map(imported -> imported(wanted, imported, 0))
                  .orElseGet(() -> made(wanted));
            });
  }

  private CompletionStage<UnitEntry> existing(String unitId, Wanted wanted) {
    return entities
        .unit(unitId, LogicalUnit.Get::new)
        .thenCompose(
            unit -> {
              if (unit.deleted()) { // A mapping that came late.
                return entities
                    .target(
                        wanted.target(),
                        replyTo -> new Target.UnmapLun(wanted.lun(), unitId, replyTo))
                    .thenCompose(unmapped -> make(wanted));
              }
              return wanted.describes(unit)
                  ? CompletableFuture.completedStage(unit)
                  : refuse(
                      Kind.CONFLICT,
                      "lun",
                      "LUN %d is another logical unit already: %d bytes, blocks of %d, store %s, %s"
                          .formatted(
                              wanted.lun(),
                              unit.size(),
                              unit.blockSize(),
                              unit.store(),
                              unit.attributes()));
            });
  }

  private CompletionStage<UnitEntry> made(Wanted wanted) {
    String id = UUID.randomUUID().toString();
    return names
        .naa(id)
        .thenCompose(
            naa ->
                volumes
                    .create(
                        wanted.store(),
                        id,
                        wanted.size(),
                        wanted.blockSize(),
                        wanted.attributes().provisioning())
                    .exceptionallyCompose(
                        failure ->
                            refuse(
                                Kind.UNAVAILABLE,
                                "store",
                                "the volume could not be made: " + cause(failure).getMessage()))
                    .thenCompose(made -> created(id, naa, wanted, wanted.size())))
        .thenCompose(
            unit -> mapped(unit, wanted).exceptionallyCompose(failure -> undo(unit, failure)));
  }

  /**
   * @param generation how many units of that volume have been before, and are deleted
   */
  private CompletionStage<UnitEntry> imported(Wanted wanted, Imported imported, int generation) {
    String id = idOf(wanted.store(), imported, generation);
    return find(id)
        .thenCompose(
            before -> {
              if (before.isEmpty()) {
                return formerIsGone(imported)
                    .thenCompose(gone -> broughtIn(id, wanted, imported, generation))
                    .thenCompose(unit -> mapped(unit, wanted));
              }
              UnitEntry unit = before.get();
              if (unit.deleted()) {
                return imported(wanted, imported, generation + 1);
              }
              boolean interrupted = wanted.describes(unit) && view.targetsOf(id).isEmpty();
              return interrupted
                  ? mapped(unit, wanted)
                  : refuse(
                      Kind.CONFLICT,
                      "volume",
                      "the volume %s is that of the logical unit of id %s already: map that"
                          .formatted(imported.volume(), id));
            });
  }

  /** A unit that lives here has its volume, and keeps it. */
  private CompletionStage<Void> formerIsGone(Imported imported) {
    if (imported.formerUnit().isEmpty()) {
      return CompletableFuture.completedStage(null);
    }
    String former = imported.formerUnit().get();
    return find(former)
        .thenCompose(
            unit ->
                unit.isPresent() && !unit.get().deleted()
                    ? refuse(
                        Kind.CONFLICT,
                        "formerUnit",
                        "the logical unit of id %s is in this cluster: map that".formatted(former))
                    : CompletableFuture.completedStage(null));
  }

  /**
   * Its place gives it its id, so that a clone that was interrupted goes on when it is repeated.
   *
   * @param generation how many units have been cloned so before, and are deleted
   */
  private CompletionStage<UnitEntry> cloned(Wanted wanted, ClonedFrom source, int generation) {
    String id = idOfClone(wanted, source, generation);
    return find(id)
        .thenCompose(
            before -> {
              if (before.isEmpty()) {
                return cloned(id, wanted, source).thenCompose(unit -> mapped(unit, wanted));
              }
              UnitEntry unit = before.get();
              if (unit.deleted()) {
                return cloned(wanted, source, generation + 1);
              }
              return wanted.describes(unit)
                  ? mapped(unit, wanted)
                  : refuse(
                      Kind.CONFLICT,
                      "source",
                      "another clone was to be mapped there, of id %s: map or delete that"
                          .formatted(id));
            });
  }

  static String idOfClone(Wanted wanted, ClonedFrom source, int generation) {
    String name =
        "moongate clone %s@%s %s/%d/%d"
            .formatted(
                source.unitId(), source.snapshot(), wanted.target(), wanted.lun(), generation);
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
  }

  private CompletionStage<UnitEntry> cloned(String id, Wanted wanted, ClonedFrom source) {
    return find(source.unitId())
        .thenCompose(
            found -> {
              Optional<UnitEntry> unit = found.filter(each -> !each.deleted());
              if (unit.isEmpty()) {
                return refuse(
                    Kind.NOT_FOUND,
                    "source.lun",
                    "there is no logical unit of id " + source.unitId());
              }
              if (!unit.get().store().equals(wanted.store())
                  || unit.get().blockSize() != wanted.blockSize()) {
                return refuse(
                    Kind.CONFLICT,
                    "source.lun",
                    "a clone is in the store of its source, %s, and has blocks of %d bytes"
                        .formatted(unit.get().store(), unit.get().blockSize()));
              }
              return names
                  .naa(id)
                  .thenCompose(
                      naa ->
                          volumes
                              .clone(
                                  wanted.store(),
                                  id,
                                  unit.get().volume(),
                                  source.snapshot(),
                                  wanted.blockSize())
                              .thenCompose(size -> created(id, naa, wanted, size)));
            });
  }

  /** The entity of an id, when there is or was one. */
  private CompletionStage<Optional<UnitEntry>> find(String id) {
    return entities
        .unit(id, LogicalUnit.Get::new)
        .thenApply(Optional::of)
        .exceptionallyCompose(
            failure ->
                cause(failure) instanceof Refusal refusal && refusal.kind() == Kind.NOT_FOUND
                    ? CompletableFuture.completedStage(Optional.empty())
                    : CompletableFuture.failedStage(cause(failure)));
  }

  static String idOf(String store, Imported imported, int generation) {
    String of = imported.formerUnit().map(former -> " formerly " + former).orElse("");
    String name = "moongate volume %s/%s/%d%s".formatted(store, imported.volume(), generation, of);
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
  }

  private CompletionStage<UnitEntry> broughtIn(
      String id, Wanted wanted, Imported imported, int generation) {
    Optional<String> former =
        generation == 0
            ? imported.formerUnit()
            : Optional.of(idOf(wanted.store(), imported, generation - 1));
    return volumes
        .adopt(wanted.store(), imported.volume(), id, former, wanted.blockSize())
        .exceptionallyCompose(
            failure ->
                refuse(
                    Kind.UNAVAILABLE,
                    "volume",
                    "the volume could not be taken: " + cause(failure).getMessage()))
        .thenCompose(
            size -> {
              if (wanted.size() != 0 && wanted.size() != size) {
                return refuse(
                    Kind.CONFLICT,
                    "size",
                    "the volume %s has %d bytes".formatted(imported.volume(), size));
              }
              Holder holder = new Holder(id, wanted.store() + ":" + imported.volume());
              return ownNaa(id, imported)
                  .thenCompose(
                      own -> reserved("naa", imported.naa(), holder, former).thenApply(d -> own))
                  .thenCompose(
                      own ->
                          reserved("serial", imported.serial(), holder, former).thenApply(d -> own))
                  .thenCompose(own -> created(id, own, wanted, size));
            });
  }

  /** One that it has from such a cluster as this is its own again; nobody else may get it. */
  private CompletionStage<Long> ownNaa(String id, Imported imported) {
    Optional<String> given = imported.naa().filter(Imported::isOwn);
    if (given.isEmpty()) {
      return names.naa(id);
    }
    long naa = Long.parseUnsignedLong(given.get(), 16);
    return names
        .reserveNaa(naa, id)
        .thenCompose(
            holder ->
                holder.equals(id)
                    ? CompletableFuture.completedStage(naa)
                    : find(holder)
                        .thenCompose(
                            unit ->
                                unit.filter(UnitEntry::deleted).isPresent()
                                    ? CompletableFuture.completedStage(naa)
                                    : refuse(
                                        Kind.CONFLICT,
                                        "naa",
                                        "the logical unit of id %s has the NAA %s"
                                            .formatted(holder, given.get()))));
  }

  /** So that no host ever sees two disks by one name. */
  private CompletionStage<Void> reserved(
      String kind, Optional<String> name, Holder holder, Optional<String> former) {
    return name.isEmpty()
        ? CompletableFuture.completedStage(null)
        : reserved(kind, kind + ":" + name.get(), holder, former);
  }

  private CompletionStage<Void> reserved(
      String kind, String name, Holder holder, Optional<String> former) {
    return names
        .reserve(name, holder)
        .thenCompose(
            now -> {
              if (now.unitId().equals(holder.unitId())) {
                return CompletableFuture.completedStage(null);
              }
              return entities
                  .unit(now.unitId(), LogicalUnit.Get::new)
                  .exceptionallyCompose(
                      failure ->
                          cause(failure) instanceof Refusal refusal
                                  && refusal.kind() == Kind.NOT_FOUND
                              ? refuse(
                                  Kind.CONFLICT,
                                  kind,
                                  ("%s is reserved for the import of the volume %s, which was not"
                                          + " finished: repeat that one")
                                      .formatted(name, now.volume()))
                              : CompletableFuture.failedStage(cause(failure)))
                  .thenCompose(
                      unit ->
                          unit.deleted()
                              ? passedOn(name, now, holder, former)
                                  .thenCompose(passed -> reserved(kind, name, holder, former))
                              : refuse(
                                  Kind.CONFLICT,
                                  kind,
                                  "the logical unit of id %s, volume %s, has the name %s"
                                      .formatted(now.unitId(), now.volume(), name)));
            });
  }

  /** From the former unit of the same volume it comes with the volume. */
  private CompletionStage<Void> passedOn(
      String name, Holder from, Holder to, Optional<String> former) {
    CompletionStage<Void> free =
        former.filter(from.unitId()::equals).isPresent()
            ? CompletableFuture.completedStage(null)
            : entities.leasesOut();
    return free.thenCompose(out -> names.passOn(name, from.unitId(), to));
  }

  private CompletionStage<UnitEntry> created(String id, long naa, Wanted wanted, long size) {
    String serial =
        wanted.attributes().imported().flatMap(Imported::serial).orElse(id.replace("-", ""));
    return entities.unit(
        id,
        replyTo ->
            new LogicalUnit.Create(
                naa,
                serial,
                wanted.store(),
                size,
                wanted.blockSize(),
                List.copyOf(wanted.preferred()),
                wanted.attributes(),
                replyTo));
  }

  private CompletionStage<UnitEntry> mapped(UnitEntry unit, Wanted wanted) {
    return entities.map(wanted.target(), wanted.lun(), unit.id()).thenApply(mapped -> unit);
  }

  /**
   * The LUN went to another unit meanwhile, or the target went away: this one is not wanted. One
   * that was imported stays: whoever imports the same volume has the same unit, and may serve it
   * already.
   */
  private CompletionStage<UnitEntry> undo(UnitEntry unit, Throwable failure) {
    if (!(cause(failure) instanceof Refusal refusal) || refusal.kind() == Kind.UNAVAILABLE) {
      return CompletableFuture.failedStage(cause(failure));
    }
    return entities
        .remove(unit, "not mapped: " + refusal.getMessage())
        .handle((gone, undone) -> failure)
        .thenCompose(reason -> CompletableFuture.failedStage(cause(reason)));
  }
}

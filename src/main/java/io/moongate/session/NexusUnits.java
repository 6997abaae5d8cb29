package io.moongate.session;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnitNumber;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TaskRouter;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Notice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The logical units that a session's nexus is attached to: those that it has sent a command to. So
 * a login to a target with many LUNs costs nothing for each. What a unit would have told a nexus
 * that was not attached yet is contained in the POWER ON condition that attaching establishes.
 *
 * <p>Unit attention conditions are seen by commands only, so it is at each command that a change of
 * the target's mappings is looked for; the units that are attached then establish REPORTED LUNS
 * DATA HAS CHANGED (SPC-4 section 6.33), and those that are attached later as well, until REPORT
 * LUNS is answered. A LUN without a unit has no conditions. Touched only in the session's turn.
 */
final class NexusUnits {
  private static final int REPORT_LUNS = 0xA0;

  private final TargetDevice target;
  private final TaskRouter router;
  private final Nexus nexus;

  /** By the number of the LUN, so that both methods of addressing lead to the same unit. */
  private final Map<Integer, LogicalUnit> attached = new HashMap<>();

  /** Unmapped, but commands may be under way in them. */
  private final Set<LogicalUnit> unmapped = new LinkedHashSet<>();

  private long generation;
  private long inventory;
  private boolean explicitAlua;
  private boolean unreported;
  private boolean detached;

  NexusUnits(TargetDevice target, Nexus nexus) {
    this.target = target;
    this.router = new TaskRouter(target);
    this.nexus = nexus;
    this.generation = target.generation();
    this.inventory = target.inventory();
    this.explicitAlua = target.explicitAlua();
  }

  Nexus nexus() {
    return nexus;
  }

  /** The unit that is mapped at the LUN now; the nexus is attached to it. */
  Optional<LogicalUnit> at(long lun) {
    if (target.generation() != generation) {
      refresh();
    }
    int number = LogicalUnitNumber.number(lun);
    LogicalUnit known = attached.get(number);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<LogicalUnit> mapped = find(number);
    if (mapped.isPresent() && !detached) {
      attach(number, mapped.get());
    }
    return mapped;
  }

  private Optional<LogicalUnit> find(int number) {
    return number < 0 ? Optional.empty() : target.unit(LogicalUnitNumber.lun(number));
  }

  private void attach(int number, LogicalUnit unit) {
    attached.put(number, unit);
    unmapped.remove(unit);
    unit.attach(nexus);
    if (unreported) {
      tellOfChange(unit);
    }
  }

  /** The mappings, or what the target offers, may have changed. */
  private void refresh() {
    // Before what is looked up: a change in between is seen again.
    generation = target.generation();
    long now = target.inventory();
    attached
        .entrySet()
        .removeIf(
            at -> {
              boolean gone = find(at.getKey()).orElse(null) != at.getValue();
              if (gone) {
                unmapped.add(at.getValue());
              }
              return gone;
            });
    if (now != inventory) {
      inventory = now;
      unreported = true;
      attached.values().forEach(this::tellOfChange);
    }
    if (target.explicitAlua() != explicitAlua) {
      explicitAlua = !explicitAlua;
      attached.values().forEach(unit -> tell(unit, UnitAttention.INQUIRY_DATA_CHANGED));
    }
  }

  private void tellOfChange(LogicalUnit unit) {
    tell(unit, UnitAttention.REPORTED_LUNS_CHANGED);
  }

  private void tell(LogicalUnit unit, UnitAttention attention) {
    var unused = unit.take(Notice.attention(attention, List.of(nexus)));
  }

  /** Bytes of data-out that the CDB asks for at this LUN. */
  long dataOutLength(long lun, byte[] cdb) {
    return router.dataOutLength(at(lun), nexus, cdb);
  }

  /**
   * Executes a command at a LUN, also where there is no unit.
   *
   * @return the unit that has it now
   */
  Optional<LogicalUnit> execute(long lun, Command command, Consumer<Response> reply) {
    Optional<LogicalUnit> unit = at(lun);
    if (command.operationCode() == REPORT_LUNS && unit.isPresent()) {
      router.execute(
          unit,
          command,
          response -> {
            if (response.status() == Status.GOOD) {
              reported();
            }
            reply.accept(response);
          });
    } else {
      router.execute(unit, command, reply);
    }
    return unit;
  }

  /** REPORT LUNS is answered within the call, so this is still the connection's own turn. */
  private void reported() {
    if (unreported) {
      unreported = false;
      attached.values().forEach(unit -> unit.lunsReported(nexus));
    }
  }

  /** Every unit of the target, and those that have been unmapped with commands under way. */
  Collection<LogicalUnit> all() {
    Set<LogicalUnit> units = new LinkedHashSet<>(unmapped);
    for (long lun : target.luns()) {
      target.unit(lun).ifPresent(units::add);
    }
    return units;
  }

  /** Lets go of the units that were unmapped and are not busy with a command of this nexus. */
  void releaseUnmapped(Predicate<LogicalUnit> busy) {
    if (!unmapped.isEmpty()) {
      unmapped.removeIf(
          unit -> {
            boolean idle = !busy.test(unit);
            if (idle) {
              var unused = unit.detach(nexus);
            }
            return idle;
          });
    }
  }

  /**
   * The nexus is gone.
   *
   * @return completes when no unit has anything reserved for it any more
   */
  CompletionStage<Void> detach() {
    List<CompletableFuture<Void>> over = new ArrayList<>();
    if (!detached) {
      detached = true;
      attached.values().forEach(unit -> over.add(unit.detach(nexus).toCompletableFuture()));
      attached.clear();
      unmapped.forEach(unit -> over.add(unit.detach(nexus).toCompletableFuture()));
      unmapped.clear();
    }
    return CompletableFuture.allOf(over.toArray(CompletableFuture<?>[]::new));
  }
}

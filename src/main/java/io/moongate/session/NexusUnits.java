package io.moongate.session;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TaskRouter;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The logical units that a session's nexus is attached to. Confined to the connection. */
final class NexusUnits {
  private final TargetDevice target;
  private final TaskRouter router;
  private final Nexus nexus;
  private final Map<Long, LogicalUnit> attached = new HashMap<>();
  private boolean detached;

  /** Attaches the nexus to every unit of the target, so that each can tell it what changes. */
  NexusUnits(TargetDevice target, Nexus nexus) {
    this.target = target;
    this.router = new TaskRouter(target);
    this.nexus = nexus;
    target.luns().forEach(this::at);
  }

  Nexus nexus() {
    return nexus;
  }

  /** The unit that is mapped at the LUN now; the nexus is attached to it. */
  Optional<LogicalUnit> at(long lun) {
    LogicalUnit known = attached.get(lun);
    LogicalUnit mapped = target.unit(lun).orElse(null);
    if (mapped != known && !detached) {
      if (known != null) {
        attached.remove(lun);
        known.detach(nexus);
      }
      if (mapped != null) {
        attached.put(lun, mapped);
        mapped.attach(nexus);
      }
    }
    return Optional.ofNullable(mapped);
  }

  /** Bytes of data-out that the CDB asks for at this LUN. */
  long dataOutLength(long lun, byte[] cdb) {
    return router.dataOutLength(at(lun), cdb);
  }

  /** Executes a command at a LUN, also where there is no unit. */
  void execute(long lun, Command command, Consumer<Response> reply) {
    router.execute(at(lun), command, reply);
  }

  /** Every unit of the target. */
  Collection<LogicalUnit> all() {
    target.luns().forEach(this::at);
    return List.copyOf(attached.values());
  }

  /** The nexus is gone. */
  void detach() {
    if (!detached) {
      detached = true;
      attached.values().forEach(unit -> unit.detach(nexus));
      attached.clear();
    }
  }
}

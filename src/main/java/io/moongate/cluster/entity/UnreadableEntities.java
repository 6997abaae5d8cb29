package io.moongate.cluster.entity;

import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Extension;
import org.apache.pekko.actor.typed.ExtensionId;

/**
 * Entities that this process could not read the history of when it last tried. Who asks for one
 * makes it try again; what nobody has asked for in ten minutes may be read elsewhere by now.
 */
public final class UnreadableEntities implements Extension {
  private static final long REMEMBERED_NANOS = Duration.ofMinutes(10).toNanos();

  private record Failure(String reason, long atNanos) {}

  private static final class Id extends ExtensionId<UnreadableEntities> {
    private static final Id INSTANCE = new Id();

    @Override
    public UnreadableEntities createExtension(ActorSystem<?> system) {
      return new UnreadableEntities();
    }
  }

  private final SortedMap<String, Failure> failures = new TreeMap<>();

  private UnreadableEntities() {}

  /** Those of an actor system. */
  public static UnreadableEntities get(ActorSystem<?> system) {
    return Id.INSTANCE.apply(system);
  }

  /** Why each can't be read, by its persistence id. */
  public synchronized SortedMap<String, String> reasons() {
    long now = System.nanoTime();
    failures.values().removeIf(failure -> now - failure.atNanos() > REMEMBERED_NANOS);
    SortedMap<String, String> reasons = new TreeMap<>();
    failures.forEach((id, failure) -> reasons.put(id, failure.reason()));
    return reasons;
  }

  synchronized void add(String persistenceId, String reason) {
    failures.put(persistenceId, new Failure(reason, System.nanoTime()));
  }

  synchronized void remove(String persistenceId) {
    failures.remove(persistenceId);
  }
}

package io.moongate.scsi.reservation;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.task.DeadlineTimer;
import io.moongate.scsi.task.Ownership;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Ends the reservation by RESERVE of a nexus that has ended (SPC-2 section 5.5.2): a RELEASE is
 * executed on its behalf, as if it had sent it last. So it is ordered behind a RESERVE that is
 * still on its way to the owner. Tried again for a while, for the owner may be changing; whoever
 * sees the reservation afterwards tries anew. Thread-safe.
 */
public final class LostHolders {
  private static final Logger LOG = System.getLogger(LostHolders.class.getName());
  private static final byte[] RELEASE_6 = {0x17, 0, 0, 0, 0, 0};
  private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0).asReadOnlyBuffer();
  private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int ATTEMPTS = 20;
  private static final CompletionStage<Void> NOTHING_TO_DO = CompletableFuture.completedStage(null);

  private final String unit;
  private final DeadlineTimer timer;
  private final BiConsumer<Command, Consumer<Response>> executor;

  /** Nexuses that have sent a RESERVE, and may hold the unit although that is not known yet. */
  private final Set<Nexus> candidates = ConcurrentHashMap.newKeySet();

  private final ConcurrentHashMap<Nexus, Attempts> pending = new ConcurrentHashMap<>();

  /** One series of attempts. */
  private static final class Attempts {
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private int left = ATTEMPTS;
  }

  /**
   * @param unit the unit's id, for the log
   * @param executor executes a command behind those that came before it
   */
  public LostHolders(
      String unit, DeadlineTimer timer, BiConsumer<Command, Consumer<Response>> executor) {
    this.unit = unit;
    this.timer = timer;
    this.executor = executor;
  }

  /** A RESERVE has come: what is tried for a predecessor with the same names is void. */
  public void reserves(Nexus nexus) {
    candidates.add(nexus);
    Attempts predecessor = pending.remove(nexus);
    if (predecessor != null) {
      predecessor.over.complete(null);
    }
  }

  /**
   * A nexus of this gateway has ended, after its commands were aborted.
   *
   * @param known the reservations as they are known here
   * @return completes once it holds nothing any more, or this is given up
   */
  public CompletionStage<Void> ended(Nexus nexus, Reservations known) {
    return candidates.remove(nexus) || nexus.equals(known.basicHolder())
        ? release(nexus)
        : NOTHING_TO_DO;
  }

  /**
   * Looks whether the unit is held for a nexus that does not exist any more: one of this gateway's
   * own, from before it was started; or, on the owner, one of a gateway that is gone.
   *
   * @param now who serves the unit, and in which states its paths are
   * @param existing the nexuses that this gateway has with the unit
   */
  public void review(Reservations known, Ownership now, Set<Nexus> existing) {
    Nexus holder = known.basicHolder();
    if (holder == null || now.states().isEmpty()) {
      return;
    }
    PathStates states = now.states().get();
    boolean lost =
        holder.portalGroupTag() == states.localGroup()
            ? !existing.contains(holder)
            : now.servesHere()
                && states.groups().stream()
                    .filter(group -> group.id() == holder.portalGroupTag())
                    .allMatch(group -> group.state() == AccessState.UNAVAILABLE);
    if (lost) {
      var unused = release(holder);
    }
  }

  private CompletionStage<Void> release(Nexus nexus) {
    Attempts attempts = new Attempts();
    Attempts underWay = pending.putIfAbsent(nexus, attempts);
    if (underWay == null) {
      attempt(nexus, attempts);
      return attempts.over;
    }
    return underWay.over;
  }

  private void attempt(Nexus nexus, Attempts attempts) {
    if (pending.get(nexus) != attempts) {
      return;
    }
    if (attempts.left-- == 0) {
      over(nexus, attempts);
      LOG.log(Level.WARNING, () -> "unit " + unit + ": could not be released for " + nexus);
      return;
    }
    long deadline = timer.nanoTime() + ATTEMPT_NANOS;
    Command release =
        new Command(nexus, 0, TaskAttribute.SIMPLE, RELEASE_6.clone(), NO_DATA, 0, deadline);
    executor.accept(
        release,
        response -> {
          if (response.status() != Status.BUSY && response.status() != Status.TASK_SET_FULL) {
            over(nexus, attempts);
          }
        });
    if (pending.get(nexus) == attempts) {
      timer.at(deadline, () -> attempt(nexus, attempts));
    }
  }

  private void over(Nexus nexus, Attempts attempts) {
    pending.remove(nexus, attempts);
    attempts.over.complete(null);
  }
}

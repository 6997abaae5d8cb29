package io.moongate.scsi.reservation;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.DeadlineTimer;
import io.moongate.scsi.task.Ownership;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Ends what a nexus holds of a unit when the nexus has ended: its reservation by RESERVE (SPC-2
 * section 5.5.2), its prevention of medium removal (SBC-3 section 5.15). The command that gives it
 * back is executed on its behalf, as if it had sent it last. So it is ordered behind the command
 * that asked for it, should that still be on its way to the owner. Tried again for a while, for the
 * owner may be changing; whoever sees afterwards that it is held tries anew. Thread-safe.
 */
public final class LostHolders {
  private static final Logger LOG = System.getLogger(LostHolders.class.getName());
  private static final byte[] RELEASE_6 = {0x17, 0, 0, 0, 0, 0};
  private static final byte[] ALLOW_MEDIUM_REMOVAL = {0x1E, 0, 0, 0, 0, 0};
  private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0).asReadOnlyBuffer();
  private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int ATTEMPTS = 20;
  private static final CompletionStage<Void> NOTHING_TO_DO = CompletableFuture.completedStage(null);

  private final String unit;
  private final DeadlineTimer timer;
  private final BiConsumer<Command, Consumer<Response>> executor;
  private final byte[] givingBack;
  private final Function<SharedState, List<Nexus>> holders;

  /** Nexuses that have asked for it, and may hold it although that is not known yet. */
  private final Set<Nexus> candidates = ConcurrentHashMap.newKeySet();

  private final ConcurrentHashMap<Nexus, Attempts> pending = new ConcurrentHashMap<>();

  /** One series of attempts. */
  private static final class Attempts {
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private int left = ATTEMPTS;
  }

  private LostHolders(
      String unit,
      DeadlineTimer timer,
      BiConsumer<Command, Consumer<Response>> executor,
      byte[] givingBack,
      Function<SharedState, List<Nexus>> holders) {
    this.unit = unit;
    this.timer = timer;
    this.executor = executor;
    this.givingBack = givingBack;
    this.holders = holders;
  }

  /**
   * For reservations by RESERVE.
   *
   * @param unit the unit's id, for the log
   * @param executor executes a command behind those that came before it
   */
  public static LostHolders ofReservations(
      String unit, DeadlineTimer timer, BiConsumer<Command, Consumer<Response>> executor) {
    return new LostHolders(unit, timer, executor, RELEASE_6, LostHolders::holder);
  }

  /** The same for the prevention of medium removal. */
  public static LostHolders ofPreventions(
      String unit, DeadlineTimer timer, BiConsumer<Command, Consumer<Response>> executor) {
    return new LostHolders(
        unit, timer, executor, ALLOW_MEDIUM_REMOVAL, state -> state.medium().preventing());
  }

  private static List<Nexus> holder(SharedState state) {
    Nexus holder = state.reservations().basicHolder();
    return holder == null ? List.of() : List.of(holder);
  }

  /** It has been asked for: what is tried for a predecessor with the same names is void. */
  public void asks(Nexus nexus) {
    candidates.add(nexus);
    Attempts predecessor = pending.remove(nexus);
    if (predecessor != null) {
      predecessor.over.complete(null);
    }
  }

  /**
   * A nexus of this gateway has ended, after its commands were aborted.
   *
   * @param known what is shared, as it is known here
   * @return completes once it holds nothing any more, or this is given up
   */
  public CompletionStage<Void> ended(Nexus nexus, SharedState known) {
    return candidates.remove(nexus) || holders.apply(known).contains(nexus)
        ? release(nexus)
        : NOTHING_TO_DO;
  }

  /**
   * Looks whether something is held for a nexus that does not exist any more: one of this gateway's
   * own, from before it was started; or, on the owner, one of a gateway that is gone.
   *
   * @param now who serves the unit, and in which states its paths are
   * @param existing the nexuses that this gateway has with the unit
   */
  public void review(SharedState known, Ownership now, Set<Nexus> existing) {
    if (now.states().isEmpty()) {
      return;
    }
    for (Nexus holder : holders.apply(known)) {
      if (isLost(holder, now, existing)) {
        var unused = release(holder);
      }
    }
  }

  private static boolean isLost(Nexus holder, Ownership now, Set<Nexus> existing) {
    PathStates states = now.states().orElseThrow();
    return holder.portalGroupTag() == states.localGroup()
        ? !existing.contains(holder)
        : now.servesHere()
            && states.groups().stream()
                .filter(group -> group.id() == holder.portalGroupTag())
                .allMatch(group -> group.state() == AccessState.UNAVAILABLE);
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
      LOG.log(
          Level.WARNING,
          () -> "unit " + unit + ": what is held by " + nexus + " could not be ended");
      return;
    }
    long deadline = timer.nanoTime() + ATTEMPT_NANOS;
    Command release =
        new Command(nexus, 0, TaskAttribute.SIMPLE, givingBack.clone(), NO_DATA, 0, deadline);
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

package io.moongate.scsi.sanitize;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Sanitizing;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.DeadlineTimer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * SANITIZE commands without IMMED whose operation has begun, on the gateway that they came to: they
 * end when the shared state says that it is over, whoever the owner is by then. Their deadline is
 * when they must have begun, not when they must have ended. Thread-safe.
 */
public final class SanitizeWait {
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A command from its arrival on, so that there is no instant at which nobody knows of it. */
  private static final class Waiting {
    final Command command;
    final long after;
    final Consumer<Response> reply;

    /** The owner's answer, once it has come: the operation has begun. */
    Response good;

    Waiting(Command command, long after, Consumer<Response> reply) {
      this.command = command;
      this.after = after;
      this.reply = reply;
    }
  }

  private final Supplier<SharedState> state;
  private final DeadlineTimer timer;
  private final Function<CheckCondition, Response> failed;
  private final List<Waiting> all = new ArrayList<>();
  private boolean asked;

  /**
   * @param state what is shared, as this gateway knows it
   * @param failed the response for sense data
   */
  public SanitizeWait(
      Supplier<SharedState> state, DeadlineTimer timer, Function<CheckCondition, Response> failed) {
    this.state = state;
    this.timer = timer;
    this.failed = failed;
  }

  /** What takes the answer of the owner, and passes it on when the operation is over. */
  public Consumer<Response> after(Command command, Consumer<Response> reply) {
    Waiting waiting = new Waiting(command, state.get().version(), reply);
    synchronized (this) {
      all.add(waiting);
    }
    return response -> begun(waiting, response);
  }

  private void begun(Waiting waiting, Response response) {
    synchronized (this) {
      if (!all.contains(waiting)) {
        return; // It was aborted.
      }
      if (response.status() == Status.GOOD) {
        waiting.good = response;
      } else {
        all.remove(waiting);
      }
    }
    if (response.status() == Status.GOOD) {
      look();
    } else {
      waiting.reply.accept(response);
    }
  }

  /** Ends those whose operation is over, and looks again later while there are others. */
  private void look() {
    SharedState now = state.get();
    List<Waiting> over = new ArrayList<>();
    synchronized (this) {
      all.removeIf(
          waiting -> {
            // The state that the command itself has led to may not have come here yet.
            boolean ended =
                waiting.good != null
                    && now.version() > waiting.after
                    && !Sanitizing.running(now.sanitizing());
            return ended && over.add(waiting);
          });
      if (!asked && all.stream().anyMatch(waiting -> waiting.good != null)) {
        asked = true;
        timer.at(timer.nanoTime() + INTERVAL_NANOS, this::lookAgain);
      }
    }
    Response failure =
        now.sanitizing() == null ? null : failed.apply(new CheckCondition(Sense.SANITIZE_FAILED));
    over.forEach(each -> each.reply.accept(failure == null ? each.good : failure));
  }

  private void lookAgain() {
    synchronized (this) {
      asked = false;
    }
    look();
  }

  /**
   * Forgets commands; the operation goes on.
   *
   * @return their nexuses
   */
  public synchronized Set<Nexus> abort(Predicate<Command> covered) {
    Set<Nexus> nexuses = new HashSet<>();
    for (Waiting waiting : all) {
      if (covered.test(waiting.command)) {
        nexuses.add(waiting.command.nexus());
      }
    }
    all.removeIf(waiting -> covered.test(waiting.command));
    return nexuses;
  }

  /** Whether one of them waits. */
  public synchronized boolean contains(Predicate<Command> covered) {
    return all.stream().anyMatch(waiting -> covered.test(waiting.command));
  }
}

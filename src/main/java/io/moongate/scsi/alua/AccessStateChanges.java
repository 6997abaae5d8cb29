package io.moongate.scsi.alua;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.sense.UnitAttentions;
import io.moongate.scsi.task.DeadlineTimer;
import io.moongate.scsi.task.NotExecuted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * Who is told of a unit's changes of access states by 2A/06: every nexus, but for the one on which
 * a SET TARGET PORT GROUPS was received that asked for the change (SPC-4 section 5.15.2).
 *
 * <p>A move is seen here as several changes, and others may come between. So what happens while the
 * command is under way is kept from its nexus until it ends, and told then unless it came out as
 * the command has asked, in every group. Thread-safe.
 */
public final class AccessStateChanges {
  private final AluaQueries alua;
  private final UnitAttentions attentions;
  private final DeadlineTimer timer;
  private final List<Request> underWay = new ArrayList<>();
  private Optional<PathStates> last = Optional.empty();

  /** A command that has not been answered. */
  private static final class Request {
    final Nexus nexus;
    final int group;
    final long epoch;
    final Map<Integer, AccessState> wanted;
    final CompletableFuture<Void> seen = new CompletableFuture<>();
    boolean withheld;

    Request(Nexus nexus, int group, Optional<PathStates> before) {
      this.nexus = nexus;
      this.group = group;
      this.epoch = before.map(PathStates::epoch).orElse(0L);
      this.wanted = before.map(AccessStateChanges::statesOf).orElseGet(HashMap::new);
      wanted.replaceAll(
          (id, state) ->
              state == AccessState.ACTIVE_OPTIMIZED ? AccessState.ACTIVE_NON_OPTIMIZED : state);
      wanted.replace(group, AccessState.ACTIVE_OPTIMIZED);
    }

    /** Whether the change has been published here, or has been, and another one since. */
    boolean isSeenIn(PathStates states) {
      return states.serving()
          && (states.epoch() > epoch
              || statesOf(states).get(group) == AccessState.ACTIVE_OPTIMIZED);
    }
  }

  /** Those of one unit. */
  public AccessStateChanges(AluaQueries alua, UnitAttentions attentions, DeadlineTimer timer) {
    this.alua = alua;
    this.attentions = attentions;
    this.timer = timer;
  }

  /** New path states, each in its order; a change establishes 2A/06. */
  public void published(PathStates now) {
    List<Request> seen;
    synchronized (this) {
      boolean altered = last.filter(before -> differ(before, now)).isPresent();
      last = Optional.of(now);
      if (altered) {
        Set<Nexus> asked = new HashSet<>();
        for (Request request : underWay) {
          request.withheld = true;
          asked.add(request.nexus);
        }
        attentions.establishForOthers(UnitAttention.ACCESS_STATE_CHANGED, asked);
      }
      seen = underWay.stream().filter(request -> request.isSeenIn(now)).toList();
    }
    seen.forEach(request -> request.seen.complete(null));
  }

  /**
   * As {@link AluaQueries#optimize}; complete when the change has been published here, so that what
   * is asked through this gateway after that is answered by it. Fails with {@link NotExecuted} at
   * the command's deadline, while the move may go on.
   */
  public CompletionStage<Void> optimize(int group, Command by) {
    Request request = begin(by.nexus(), group);
    CompletableFuture<Void> answer = new CompletableFuture<>();
    var unused =
        alua.optimize(group, "SET TARGET PORT GROUPS by " + by.nexus())
            .thenCompose(moved -> request.seen)
            .whenComplete((moved, failure) -> end(request, answer, failure));
    if (!answer.isDone()) {
      timer.at(by.deadlineNanos(), () -> end(request, answer, NotExecuted.INSTANCE));
    }
    return answer;
  }

  /** The nexus is told first, then answered. */
  private void end(Request request, CompletableFuture<Void> answer, Throwable failure) {
    end(request);
    if (failure == null) {
      answer.complete(null);
    } else {
      answer.completeExceptionally(failure);
    }
  }

  private synchronized Request begin(Nexus nexus, int group) {
    Request request = new Request(nexus, group, last);
    if (last.filter(request::isSeenIn).isPresent()) {
      request.seen.complete(null);
    }
    underWay.add(request);
    return request;
  }

  private synchronized void end(Request request) {
    boolean asWanted =
        last.filter(now -> now.serving() && statesOf(now).equals(request.wanted)).isPresent();
    if (underWay.remove(request) && request.withheld && !asWanted) {
      attentions.establish(UnitAttention.ACCESS_STATE_CHANGED, request.nexus);
    }
  }

  private static boolean differ(PathStates before, PathStates now) {
    return before.epoch() != now.epoch() || !statesOf(before).equals(statesOf(now));
  }

  private static Map<Integer, AccessState> statesOf(PathStates states) {
    return states.groups().stream()
        .collect(Collectors.toMap(TargetPortGroup::id, TargetPortGroup::state, (a, b) -> a));
  }
}

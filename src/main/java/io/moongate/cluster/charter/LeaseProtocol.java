package io.moongate.cluster.charter;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One process's part in leases and charters. What happens is told to it, with the instant on this
 * process's monotonic clock; what is to be done comes back. Not thread-safe.
 *
 * <p>A charter is changed by the members that see one another, when together with the proven dead
 * they are enough to keep the present one from making leases without them: in an even split both
 * sides are, and the compare-and-set decides. Who loses it learns so from the row and ends itself.
 * Who has neither waits, without a lease, and goes on when the cut heals.
 */
public final class LeaseProtocol {
  /**
   * How it is timed.
   *
   * @param length of the lease
   * @param stableAfter how long a member has to be out of sight before it is left out
   * @param takeover between the turns of those that may propose
   * @param retry between attempts at the row
   */
  public record Settings(
      Duration length, Duration stableAfter, Duration takeover, Duration retry) {}

  private final String self;
  private final Settings settings;
  private final Guardian guardian;
  private final Adoptions adoptions = new Adoptions();
  private final LeaseHolder holder;
  private final Successor successor;
  private final Set<String> leftOut = new HashSet<>();
  private final Set<String> told = new HashSet<>();
  private final List<Effect> effects = new ArrayList<>();
  private boolean asking;
  private long askedAt;
  private long wantedSince;
  private boolean wanting;
  private long olderOut;
  private long forced;
  private long confirmed;
  private long confirming;
  private long proposed;
  private boolean read;
  private String waits = "";
  private boolean leaving;
  private boolean ceased;
  private boolean over;

  /** Makes it for a process that knows nothing yet. */
  public LeaseProtocol(Settings settings, String self, long nowNanos) {
    this.self = self;
    this.settings = settings;
    this.guardian = new Guardian(self, nowNanos);
    this.holder = new LeaseHolder(self, settings.length().toNanos(), nowNanos);
    this.successor =
        new Successor(
            self, settings.stableAfter().toNanos(), settings.length().toNanos(), nowNanos);
    this.askedAt = nowNanos - settings.retry().toNanos();
    this.olderOut = nowNanos;
  }

  /** The lease. */
  public LeaseHolder lease() {
    return holder;
  }

  /** The charter that counts here. */
  public Charter charter() {
    return guardian.adopted();
  }

  /** Whether this process is out for good. */
  public boolean isOver() {
    return over;
  }

  /** Whether this process knows that its charter is in force. */
  public boolean inForce() {
    return guardian.adopted().version() <= adoptions.inForce();
  }

  /** Whether those that this process sees, and the dead, suffice to propose the next charter. */
  public boolean mayDecide() {
    return successor.blocks(guardian.adopted(), adoptions);
  }

  /** Time has passed: a small part of the lease's length. */
  public List<Effect> beat(long nowNanos) {
    if (!over) {
      lapse(nowNanos);
      told.clear();
      effects.add(
          new Effect.Broadcast(
              new LeaseMessage.Ping(
                  self,
                  guardian.adopted().version(),
                  adoptions.inForce(),
                  nowNanos,
                  List.copyOf(outlived(nowNanos)),
                  leaving)));
      look(nowNanos);
    }
    return take();
  }

  /** Another process said something. */
  public List<Effect> received(LeaseMessage message, long nowNanos) {
    if (over || message.from().equals(self)) {
      return take();
    }
    if (message instanceof LeaseMessage.Adopted news) {
      adopt(news.charter(), nowNanos);
      if (!over && news.version() == guardian.adopted().version()) {
        adoptions.quiet(news.from(), news.quietNanos(), nowNanos);
      }
    }
    if (over) {
      return take();
    }
    boolean news = adoptions.adopted(message.from(), message.version());
    news |= adoptions.knownInForce(message.inForce());
    if (message.version() < guardian.adopted().version() && told.add(message.from())) {
      effects.add(new Effect.Send(message.from(), news(nowNanos)));
    }
    if (message instanceof LeaseMessage.Ping ping) {
      if (ping.leaving()) {
        successor.leaves(ping.from());
      }
      for (String was : ping.outlived()) {
        news |= dead(was, nowNanos);
      }
      if (acknowledges(ping, nowNanos)) {
        effects.add(
            new Effect.Send(
                ping.from(),
                new LeaseMessage.Pong(
                    self, ping.version(), adoptions.inForce(), ping.sentNanos())));
      }
    } else if (message instanceof LeaseMessage.Pong pong) {
      holder.acknowledged(pong);
    }
    if (news || message instanceof LeaseMessage.Adopted) {
      look(nowNanos);
    } else {
      renew(nowNanos);
    }
    return take();
  }

  private boolean acknowledges(LeaseMessage.Ping ping, long nowNanos) {
    return !ceased
        && !successor.membership().gone().contains(ping.from())
        && guardian.acknowledges(ping, nowNanos);
  }

  /** The membership has changed. */
  public List<Effect> membership(Membership now, long nowNanos) {
    if (!over) {
      successor.see(now, guardian.adopted(), nowNanos);
      look(nowNanos);
    }
    return take();
  }

  /**
   * This process is about to stop in good order. It proposes nothing any more, and the others make
   * a charter without it, while it acknowledges them as before.
   */
  public void leave() {
    leaving = true;
  }

  /** Whether nobody is to be waited for any more after {@link #leave}: no charter counts on it. */
  public boolean mayCease() {
    return over || !guardian.adopted().names(self) || guardian.adopted().guardians().size() == 1;
  }

  /**
   * From here on this process acknowledges nobody, itself neither, so that the record of its stop
   * says of it what a proof of death says. Its lease runs out as it is.
   */
  public void cease() {
    leaving = true;
    ceased = true;
  }

  /**
   * A process is proven to be gone: nothing of it acknowledges anything any more. A process that
   * holds a seat proves it of every other that had the same.
   */
  public List<Effect> gone(String incarnation, long nowNanos) {
    if (!over && dead(incarnation, nowNanos)) {
      look(nowNanos);
    }
    return take();
  }

  private boolean dead(String incarnation, long nowNanos) {
    return !incarnation.equals(self) && adoptions.dead(incarnation, nowNanos);
  }

  /**
   * The outcome of {@link Effect.Read}, {@link Effect.Propose} or {@link Effect.Confirm}.
   *
   * @param row what the row holds now; empty while there is none
   * @param inForce the highest version that the row says was in force
   */
  public List<Effect> row(Optional<Charter> row, long inForce, long nowNanos) {
    asking = false;
    read = true;
    if (!over) {
      row.ifPresent(charter -> adopt(charter, nowNanos));
      adoptions.knownInForce(inForce);
      confirmed = Math.max(confirmed, inForce);
      look(nowNanos);
    }
    return take();
  }

  /** What was asked of the row failed, or its outcome is not known. */
  public List<Effect> rowFailed(long nowNanos) {
    asking = false;
    if (!over) {
      look(nowNanos);
    }
    return take();
  }

  /** This process leaves: nothing is served from here on. */
  public List<Effect> end(long nowNanos) {
    if (!over) {
      over(nowNanos);
    }
    return take();
  }

  private void adopt(Charter charter, long nowNanos) {
    Charter before = guardian.adopted();
    if (!guardian.adopt(charter)) {
      return;
    }
    // That there is a version proves that the one before it was in force, at the latest now.
    boolean knewIt = before.version() == charter.version() - 1 && before.version() <= forced;
    olderOut = knewIt ? olderOut : nowNanos;
    adoptions.knownInForce(charter.version() - 1);
    adoptions.adopted(self, charter.version());
    adoptions.quiet(self, guardian.quietNanos(nowNanos), nowNanos);
    adoptions.forgetBefore(charter);
    wanting = false;
    effects.add(new Effect.Adopted(charter));
    effects.add(new Effect.Broadcast(news(nowNanos)));
    if (charter.hasLeft(self) || (before.names(self) && !charter.names(self))) {
      over(nowNanos);
      effects.add(
          new Effect.End("charter %d leaves this process out".formatted(charter.version())));
      return;
    }
    holder.adopt(charter);
    successor.see(successor.membership(), charter, nowNanos);
  }

  private void over(long nowNanos) {
    over = true;
    holder.end(nowNanos);
    effects.add(new Effect.Lost());
  }

  private LeaseMessage.Adopted news(long nowNanos) {
    return new LeaseMessage.Adopted(
        self, guardian.adopted(), adoptions.inForce(), guardian.quietNanos(nowNanos));
  }

  private void lapse(long nowNanos) {
    if (holder.lapses(nowNanos)) {
      effects.add(new Effect.Lost());
    }
  }

  /** Draws the conclusions of whatever has changed. */
  private void look(long nowNanos) {
    Charter present = guardian.adopted();
    outlived(nowNanos);
    boolean inForce = present.version() > 0 && adoptions.inForce(present);
    if (inForce && forced < present.version()) {
      enters(present, nowNanos);
    }
    renew(nowNanos);
    propose(present, inForce, nowNanos);
  }

  /** Leases are counted only under a charter that is known to be in force. */
  private void renew(long nowNanos) {
    Charter present = guardian.adopted();
    if (!ceased && present.version() > 0 && inForce() && holder.renew(nowNanos)) {
      effects.add(new Effect.Held(present.version(), present.guardians().size()));
    }
  }

  /**
   * Guardians that had this process's own seat: it holds the port, so they are gone. Of two others
   * with one seat nobody else can tell which is the older.
   */
  private Set<String> outlived(long nowNanos) {
    Set<String> found = new HashSet<>();
    Charter present = guardian.adopted();
    successor
        .seat()
        .ifPresent(
            seat -> {
              present.guardians().forEach((was, at) -> addOutlived(found, was, at, seat));
              present.previous().forEach((was, at) -> addOutlived(found, was, at, seat));
            });
    found.forEach(was -> adoptions.dead(was, nowNanos));
    return found;
  }

  private void addOutlived(Set<String> found, String was, Seat at, Seat own) {
    if (!was.equals(self) && at.address().equals(own.address())) {
      found.add(was);
    }
  }

  private void enters(Charter charter, long nowNanos) {
    for (Charter.Departed departed : charter.departed()) {
      if (leftOut.add(departed.incarnation())) {
        effects.add(
            new Effect.LeftOut(
                departed.incarnation(),
                departed.seat(),
                charter.version(),
                adoptions.lastPing(departed.incarnation(), charter, olderOut, nowNanos),
                departed.leaseNanos(),
                charter.previous().containsKey(departed.incarnation())));
      }
    }
    forced = charter.version();
    olderOut = nowNanos;
  }

  private void propose(Charter present, boolean inForce, long nowNanos) {
    Optional<Charter> wanted =
        successor.isUp() && !leaving
            ? successor.wanted(present, adoptions, nowNanos)
            : Optional.empty();
    if (wanted.isEmpty() || !wanting) {
      wanting = wanted.isPresent();
      wantedSince = nowNanos;
    }
    boolean mayFollow = inForce || present.version() == 0;
    boolean blocks = successor.blocks(present, adoptions);
    waitsFor(reason(present, mayFollow, wanted, blocks));
    long turn = successor.turn(present, adoptions);
    boolean due = nowNanos - wantedSince >= turn * settings.takeover().toNanos();
    if (!read) {
      ask(new Effect.Read(), nowNanos, false);
    } else if (wanted.isPresent() && mayFollow && blocks && due) {
      Charter next = wanted.get();
      boolean first = proposed < next.version();
      if (ask(new Effect.Propose(next, cause(present, next)), nowNanos, first)) {
        proposed = next.version();
      }
    } else if (inForce && confirmed < present.version() && turn == 0) {
      boolean first = confirming < present.version();
      if (ask(new Effect.Confirm(present.version()), nowNanos, first)) {
        confirming = present.version();
      }
    } else if (!holder.covers(nowNanos) || wanted.isPresent() || !mayFollow) {
      ask(new Effect.Read(), nowNanos, false);
    }
  }

  /** Asks something of the row, one thing at a time and not too often. */
  private boolean ask(Effect what, long nowNanos, boolean atOnce) {
    if (asking || (!atOnce && nowNanos - askedAt < settings.retry().toNanos())) {
      return false;
    }
    asking = true;
    askedAt = nowNanos;
    effects.add(what);
    return true;
  }

  private static String cause(Charter present, Charter next) {
    List<String> words = new ArrayList<>();
    next.guardians()
        .forEach(
            (guardian, seat) -> {
              if (!present.names(guardian)) {
                words.add("with " + seat.name());
              }
            });
    present
        .guardians()
        .forEach(
            (guardian, seat) -> {
              if (!next.names(guardian)) {
                words.add("without " + seat.name());
              }
            });
    return String.join(", ", words);
  }

  private String reason(
      Charter present, boolean mayFollow, Optional<Charter> wanted, boolean blocks) {
    if (!read) {
      return "the charter in Cassandra has not been read yet";
    } else if (wanted.isPresent() && !blocks) {
      return "neither seen nor proven dead are so many of the guardians of charter %d that this side must not decide alone: %s"
          .formatted(present.version(), present.guardians());
    } else if (wanted.isPresent() && !mayFollow) {
      return "too few have adopted charter " + present.version();
    } else if (wanted.isPresent() && proposed == wanted.get().version()) {
      return "charter %d is being proposed".formatted(proposed);
    } else if (present.version() > 0 && !present.names(self)) {
      return "this process is not in charter " + present.version();
    }
    return "";
  }

  private void waitsFor(String reason) {
    if (!reason.equals(waits)) {
      waits = reason;
      effects.add(new Effect.Waits(reason));
    }
  }

  private List<Effect> take() {
    List<Effect> taken = List.copyOf(effects);
    effects.clear();
    return taken;
  }
}

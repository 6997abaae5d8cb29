package io.moongate.audit;

import io.moongate.cluster.Origin;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which events are asked for.
 *
 * @param lun those of the logical unit of this id
 * @param target those of this target
 * @param gateway those of this gateway, and those of logical units that name it
 * @param from those written then or later
 * @param to those written before
 * @param cause those whose cause has this text in it, in small letters or capitals
 * @param actor those of this user, from this address, or decided by this gateway by itself
 * @param type those of this type
 * @param limit how many at most
 * @param ascending the oldest first; else the newest
 * @param after those after this one, in that order
 */
public record EventQuery(
    Optional<String> lun,
    Optional<String> target,
    Optional<String> gateway,
    Optional<Instant> from,
    Optional<Instant> to,
    Optional<String> cause,
    Optional<String> actor,
    Optional<String> type,
    int limit,
    boolean ascending,
    Optional<EventKey> after) {

  /** Every type that there is. */
  public static List<String> types() {
    return EventFacts.types();
  }

  /** The one entity whose events can be meant; empty for all. */
  Optional<String> entity() {
    return lun.map(EntityKind.LUN::persistenceId)
        .or(() -> target.map(EntityKind.TARGET::persistenceId));
  }

  /** Whether the place of an event says whether it is meant. */
  boolean byPlace() {
    return cause.isEmpty() && actor.isEmpty() && type.isEmpty() && gateway.isEmpty();
  }

  /** Whether events that were written then are meant. */
  boolean spans(Instant written) {
    return from.filter(written::isBefore).isEmpty()
        && to.filter(end -> !written.isBefore(end)).isEmpty();
  }

  /** Whether an event is meant, as far as it doesn't depend on its place. */
  boolean matches(String persistenceId, JournalCodec.Read read) {
    Object event = read.event();
    return type.filter(wanted -> !wanted.equals(EventFacts.type(event))).isEmpty()
        && gateway.filter(name -> !isOf(name, persistenceId, event)).isEmpty()
        && cause.filter(text -> !says(text, event)).isEmpty()
        && actor.filter(who -> read.by().filter(by -> is(who, by)).isEmpty()).isEmpty();
  }

  private static boolean isOf(String gateway, String persistenceId, Object event) {
    return persistenceId.equals(EntityKind.GATEWAY.persistenceId(gateway))
        || (EntityKind.of(persistenceId).filter(EntityKind.LUN::equals).isPresent()
            && EventFacts.names(event, gateway));
  }

  private static boolean says(String text, Object event) {
    return EventFacts.cause(event)
        .filter(cause -> cause.toLowerCase(Locale.ROOT).contains(text.toLowerCase(Locale.ROOT)))
        .isPresent();
  }

  private static boolean is(String who, Origin by) {
    return who.equals(by.user())
        || who.equals(by.address())
        || (by.user().isEmpty() && by.address().isEmpty() && who.equals(by.gateway()));
  }
}

package io.moongate.cluster.entity;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The history that counts, when several incarnations of an entity have appended to one journal
 * (design rule 9). Pure: used by the entities when they replay, and by whoever reads the journal
 * beside them.
 *
 * <p>Each event carries the term of its writer and which event its writer took for the last one. So
 * the events form a tree, and the history is the branch that ends with the event of the greatest
 * term: whoever took that term replayed everything that had been confirmed before, and everything
 * that is confirmed in it lies on its branch, because an incarnation confirms nothing before it has
 * appended an event of its own. Of what stale incarnations appended late, only that counts which a
 * newer one has seen and built upon.
 *
 * <p>Pekko's own replay filter can't do this: it takes the writer that appears last for the newest,
 * also when its only event is a late one of a stale incarnation. It has to be off. And a replay
 * ends at the <em>first</em> row of the highest sequence number; so every event is followed by a
 * {@link TermedEntity.Mark} in the same write, and what may hide behind that row is a mark at most.
 *
 * @param <S> states
 */
public final class TermReplay<S> {

  /** Branches that are remembered. A stale incarnation appends a few events until it notices. */
  private static final int BRANCHES = 256;

  private record Place(long term, long version) {}

  private record Branch<S>(S state, String digest) {}

  /**
   * What an event carries.
   *
   * @param term of its writer
   * @param afterTerm the term of the event that its writer took for the last one; 0 for none
   * @param version how many events the history has with this one
   * @param digest as {@link ChainDigest} makes it; empty in events of before there was one
   */
  public record Position(long term, long afterTerm, long version, String digest) {

    /** Of an event without a digest. */
    public Position(long term, long afterTerm, long version) {
      this(term, afterTerm, version, "");
    }

    /**
     * Reads the manifest of a stored event.
     *
     * @throws IllegalStateException when it is not one
     */
    public static Position parse(String manifest) {
      String[] parts = manifest.split(":", -1);
      if (parts.length < 3 || parts.length > 4) {
        throw new IllegalStateException("not the manifest of an event: \"" + manifest + "\"");
      }
      try {
        return new Position(
            Long.parseLong(parts[0]),
            Long.parseLong(parts[1]),
            Long.parseLong(parts[2]),
            parts.length == 4 ? parts[3] : "");
      } catch (NumberFormatException failure) {
        throw new IllegalStateException(
            "not the manifest of an event: \"" + manifest + "\"", failure);
      }
    }

    /** The manifest of the event to store. */
    public String manifest() {
      String place = term + ":" + afterTerm + ":" + version;
      return digest.isEmpty() ? place : place + ":" + digest;
    }

    /** The same with a digest. */
    public Position sealed(String newDigest) {
      return new Position(term, afterTerm, version, newDigest);
    }
  }

  private int remembered = BRANCHES;
  private final Map<Place, Branch<S>> branches =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Place, Branch<S>> eldest) {
          return size() > remembered;
        }
      };
  private Place last;
  private Branch<S> now;

  /**
   * Begins a replay.
   *
   * @param state before the first event: the empty one, or a snapshot
   * @param term of the last event in it; 0 when there is none
   * @param version how many events are in it
   */
  public TermReplay(S state, long term, long version) {
    this(state, term, version, "");
  }

  /**
   * Begins a replay.
   *
   * @param digest of the last event in the state; empty when there is none, or it has none
   */
  public TermReplay(S state, long term, long version, String digest) {
    this.now = new Branch<>(state, digest);
    this.last = new Place(term, version);
    branches.put(last, now);
  }

  /**
   * Takes the next event in the order of the journal.
   *
   * @param apply applies it to the state that its writer had
   * @return the state of the history that counts by now
   * @throws IllegalStateException when the journal lacks what a newer incarnation has seen
   */
  public S event(Position position, UnaryOperator<S> apply) {
    Place place = new Place(position.term(), position.version());
    Branch<S> before = branches.get(new Place(position.afterTerm(), position.version() - 1));
    boolean counts =
        place.term() > last.term()
            || (place.term() == last.term() && place.version() > last.version());
    if (before == null) {
      if (counts) {
        throw new IllegalStateException(
            "the journal lacks the event before %s; last is %s".formatted(position, last));
      }
      return now.state(); // A stale writer's, after one that is left out already.
    }
    Branch<S> after = new Branch<>(apply.apply(before.state()), position.digest());
    branches.put(place, after);
    if (counts) {
      last = place;
      now = after;
    }
    return now.state();
  }

  /**
   * It is replayed, and appended to by one incarnation alone from now on: no event comes any more
   * that any but the last one was before. So the states that the others have made are forgotten: an
   * entity that lives keeps one, not as many as it has had.
   */
  void settled() {
    remembered = 1;
    branches.keySet().retainAll(Set.of(last));
  }

  /** How many states are remembered. */
  int remembers() {
    return branches.size();
  }

  /** The state of the history that counts by now. */
  public S state() {
    return now.state();
  }

  /** The digest of the last event of that history; empty when there is none, or it has none. */
  public String digest() {
    return now.digest();
  }

  /** The digest of the event that this one was appended to; absent when that is not known. */
  public Optional<String> digestBefore(Position position) {
    return Optional.ofNullable(
            branches.get(new Place(position.afterTerm(), position.version() - 1)))
        .map(Branch::digest);
  }

  /**
   * The state that the event of a place has made, whether it counts or not; absent when there is
   * none, or it was many events ago.
   *
   * @param term of its writer
   * @param version how many events its branch has with it
   */
  public Optional<S> stateAt(long term, long version) {
    return Optional.ofNullable(branches.get(new Place(term, version))).map(Branch::state);
  }

  /** How many events the history has by now. */
  public long version() {
    return last.version();
  }

  /** The term of its last event; 0 for none. */
  public long term() {
    return last.term();
  }

  /** The position of the event that is appended next to this history. */
  public Position next(long term) {
    return new Position(term, last.term(), last.version() + 1);
  }
}

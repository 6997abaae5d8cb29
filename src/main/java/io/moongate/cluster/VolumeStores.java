package io.moongate.cluster;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;

/** The volume stores as this gateway sees them. */
public interface VolumeStores {

  /** How each is, by kind. What can't be learnt soon is unknown. */
  CompletionStage<List<Store>> stores();

  /**
   * The volumes of a store in the order of their names. Fails with a {@link Metadata.Refusal}.
   *
   * @param after the last name that is known already; empty for the first
   * @param most how many; fewer may come, none only at the end
   */
  CompletionStage<List<StoredVolume>> volumes(String kind, String after, int most);

  /**
   * A volume in a store.
   *
   * @param name as a new unit names its volume
   * @param size bytes, where it can be read
   * @param blockSize bytes of a logical block, where one is on record
   * @param unitId the unit whose it is, where one is on record
   * @param obstacle why it could not become a unit's now, were it no other's; empty when it could
   */
  record StoredVolume(
      String name,
      OptionalLong size,
      OptionalInt blockSize,
      Optional<String> unitId,
      Optional<String> obstacle) {}

  /**
   * A store.
   *
   * @param kind as in the API and the configuration
   * @param available bytes that its volumes together can still take, where that is known
   * @param warnings what an operator should see to
   */
  record Store(String kind, State state, OptionalLong available, List<String> warnings) {}

  /** Whether there is space. */
  enum State {
    /** There is. */
    WELL,
    /** The store itself says that there is little. */
    NEAR_FULL,
    /** Writes that need space fail. */
    FULL,
    /** It can't be said. */
    UNKNOWN
  }
}

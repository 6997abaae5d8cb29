package io.moongate.volume.rbd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is on record of an address that was put on the blocklist.
 *
 * @param owners who had it: more than one only where two clients had one address by chance
 * @param claim the process that is taking the address off the blocklist; empty when none is
 */
record FencedClient(List<Owner> owners, String claim) {
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  FencedClient {
    owners = owners == null ? List.of() : List.copyOf(owners);
    claim = claim == null ? "" : claim;
  }

  /**
   * A process that had a client of the address.
   *
   * @param process its {@link ProcessIdentity}; empty when nobody knows
   * @param unit id of the unit that it owned, or was about to
   * @param image that of the unit
   * @param at seconds since 1970 when it was fenced, for the record
   * @param until seconds since 1970 when the blocklist forgets it by itself
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Owner(String process, String unit, String image, long at, long until) {
    Optional<ProcessIdentity> identity() {
      return process == null ? Optional.empty() : ProcessIdentity.parse(process);
    }
  }

  /** The same with one more; a process that is among them is fenced for longer. */
  FencedClient and(Owner owner) {
    List<Owner> all = new ArrayList<>();
    boolean known = false;
    for (Owner each : owners) {
      boolean same = each.process().equals(owner.process());
      known |= same;
      all.add(same && each.until() < owner.until() ? owner : each);
    }
    if (!known) {
      all.add(owner);
    }
    return new FencedClient(all, claim);
  }

  /** Whether the process is known, and among them. */
  boolean has(String process) {
    return !process.isEmpty() && owners.stream().anyMatch(each -> each.process().equals(process));
  }

  FencedClient claimedBy(ProcessIdentity process) {
    return new FencedClient(owners, process.toString());
  }

  boolean isClaimed() {
    return !claim.isEmpty();
  }

  /** As it is kept: JSON. */
  byte[] bytes() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Nothing when it is of a kind that is not known here. */
  static Optional<FencedClient> parse(byte[] bytes) {
    try {
      FencedClient read = JSON.readValue(bytes, FencedClient.class);
      boolean complete =
          read != null
              && !read.owners.isEmpty()
              && read.owners.stream().allMatch(each -> each.process() != null);
      return complete ? Optional.of(read) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

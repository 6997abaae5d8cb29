package io.moongate.multinode.harness;

import io.moongate.management.api.Path;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What REPORT TARGET PORT GROUPS returned (SPC-4 section 6.37).
 *
 * @param length RETURN DATA LENGTH
 * @param transitionSeconds IMPLICIT TRANSITION TIME, when the header is the extended one
 * @param states asymmetric access state of each group that was returned whole, by its id, in the
 *     API's words
 * @param ports relative target port ids of each group
 */
public record TargetPortGroups(
    int length,
    OptionalInt transitionSeconds,
    SortedMap<Integer, String> states,
    Map<Integer, List<Integer>> ports) {

  public static final String OPTIMIZED = "active-optimized";
  public static final String NON_OPTIMIZED = "active-non-optimized";
  public static final String UNAVAILABLE = "unavailable";

  private static final Map<Integer, String> WORDS =
      Map.of(
          0x0, OPTIMIZED,
          0x1, NON_OPTIMIZED,
          0x2, "standby",
          0x3, UNAVAILABLE,
          0x4, "logical-block-dependent",
          0xE, "offline",
          0xF, "transitioning");

  /** Reads parameter data that may have been cut at the allocation length. */
  public static TargetPortGroups parse(byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data);
    int length = in.getInt();
    OptionalInt seconds = OptionalInt.empty();
    // The format of the header is in its fifth byte, which is a group's access state otherwise.
    if (data.length >= 8 && (data[4] & 0x70) == 0x10) {
      seconds = OptionalInt.of(data[5] & 0xFF);
      in.position(8);
    }
    SortedMap<Integer, String> states = new TreeMap<>();
    Map<Integer, List<Integer>> ports = new TreeMap<>();
    while (in.remaining() >= 8) {
      int at = in.position();
      int count = data[at + 7] & 0xFF;
      if (in.remaining() < 8 + 4 * count) {
        break;
      }
      int group = in.getShort(at + 2) & 0xFFFF;
      states.put(group, word(data[at] & 0x0F));
      Integer[] relative = new Integer[count];
      for (int i = 0; i < count; i++) {
        relative[i] = in.getShort(at + 8 + 4 * i + 2) & 0xFFFF;
      }
      ports.put(group, List.of(relative));
      in.position(at + 8 + 4 * count);
    }
    return new TargetPortGroups(length, seconds, states, ports);
  }

  /** The same from the API's paths of one LUN. */
  public static SortedMap<Integer, String> states(Collection<Path> paths) {
    SortedMap<Integer, String> states = new TreeMap<>();
    for (Path path : paths) {
      String before = states.put(path.tpg(), path.state());
      if (before != null && !before.equals(path.state())) {
        throw new AssertionError("group " + path.tpg() + " has two states in " + paths);
      }
    }
    return states;
  }

  private static String word(int state) {
    return WORDS.getOrDefault(state, "reserved " + state);
  }
}

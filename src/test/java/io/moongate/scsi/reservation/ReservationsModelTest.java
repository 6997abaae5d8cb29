package io.moongate.scsi.reservation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Notice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.RepeatedTest;

/**
 * Random service actions, against a second statement of the same rules: an array of keys, a type,
 * and who made the reservation.
 */
class ReservationsModelTest {
  private static final int NEXUSES = 4;
  private static final ReservationType[] TYPES = ReservationType.values();

  private final long[] keys = new long[NEXUSES];
  private ReservationType type;
  private int maker;
  private long generation;
  private int basic = -1;

  /** What each nexus is told: the additional sense code qualifiers of 2Ah; 0xA: aborted. */
  private final TreeMap<Integer, TreeSet<Integer>> told = new TreeMap<>();

  private static Nexus nexus(int i) {
    return new Nexus("iqn.2026-01.io.host:" + i / 2, i % 2, "iqn.2026-01.io.moongate:t", 1);
  }

  private boolean all() {
    return type != null && type.code() >= 7;
  }

  private boolean holder(int i) {
    return type != null && (all() ? keys[i] != 0 : maker == i);
  }

  private void tell(int i, int what) {
    told.computeIfAbsent(i, key -> new TreeSet<>()).add(what);
  }

  private void tellRegisteredBut(int by, int what) {
    for (int i = 0; i < NEXUSES; i++) {
      if (i != by && keys[i] != 0) {
        tell(i, what);
      }
    }
  }

  private String register(int by, long key, long newKey, boolean ignore) {
    if (basic >= 0 || !ignore && key != keys[by]) {
      return "conflict";
    }
    if (keys[by] == 0 && newKey == 0) {
      return "good";
    }
    boolean held = holder(by);
    keys[by] = newKey;
    generation++;
    if (newKey == 0 && held) {
      boolean last = true;
      for (long each : keys) {
        last &= each == 0;
      }
      if (!all() || last) {
        if (type.code() >= 5) {
          tellRegisteredBut(by, 4);
        }
        type = null;
      }
    }
    return "good";
  }

  private String reserve(int by, long key, ReservationType asked) {
    if (basic >= 0 || keys[by] == 0 || keys[by] != key) {
      return "conflict";
    }
    if (type == null) {
      type = asked;
      maker = by;
      return "good";
    }
    return holder(by) && type == asked ? "good" : "conflict";
  }

  private String release(int by, long key, ReservationType asked) {
    if (basic >= 0 || keys[by] == 0 || keys[by] != key) {
      return "conflict";
    }
    if (!holder(by)) {
      return "good";
    }
    if (type != asked) {
      return "2604";
    }
    if (type.code() >= 5) {
      tellRegisteredBut(by, 4);
    }
    type = null;
    return "good";
  }

  private String clear(int by, long key) {
    if (basic >= 0 || keys[by] == 0 || keys[by] != key) {
      return "conflict";
    }
    tellRegisteredBut(by, 3);
    java.util.Arrays.fill(keys, 0);
    type = null;
    generation++;
    return "good";
  }

  private String preempt(int by, long key, long victim, ReservationType asked, boolean abort) {
    if (basic >= 0 || keys[by] == 0 || keys[by] != key) {
      return "conflict";
    }
    if (victim == 0 && !all()) {
      return "2600";
    }
    boolean found = victim == 0;
    boolean takes = victim == 0;
    for (int i = 0; i < NEXUSES; i++) {
      found |= keys[i] != 0 && keys[i] == victim;
      takes |= keys[i] != 0 && keys[i] == victim && type != null && !all() && maker == i;
    }
    if (!found) {
      return "conflict";
    }
    ReservationType before = type;
    for (int i = 0; i < NEXUSES; i++) {
      boolean hit = keys[i] != 0 && (victim == 0 || keys[i] == victim);
      if (hit && i == by && !takes) {
        keys[i] = 0;
        if (abort) {
          tell(i, 0xA);
        }
      } else if (hit && i != by) {
        keys[i] = 0;
        tell(i, 5);
        if (abort) {
          tell(i, 0xA);
        }
      }
    }
    generation++;
    if (takes) {
      type = asked;
      maker = by;
      if (before != asked) {
        tellRegisteredBut(by, 4);
      }
    } else if (all() && java.util.Arrays.stream(keys).allMatch(each -> each == 0)) {
      type = null;
    }
    return "good";
  }

  private String move(int by, long key, long newKey, int to, boolean unregister) {
    if (basic >= 0 || keys[by] == 0 || keys[by] != key) {
      return "conflict";
    }
    if (type == null) {
      return "2400";
    }
    if (all() || maker != by) {
      return "conflict";
    }
    if (newKey == 0 || to == by) {
      return "2600";
    }
    keys[to] = newKey;
    maker = to;
    if (unregister) {
      keys[by] = 0;
    }
    generation++;
    return "good";
  }

  private String basic(int by, boolean reserve) {
    for (long each : keys) {
      if (each != 0) {
        boolean may = type != null && (maker == by && !all() || type.code() >= 5 && keys[by] != 0);
        return may ? "good" : "conflict";
      }
    }
    if (reserve && basic >= 0 && basic != by) {
      return "conflict";
    }
    basic = reserve ? by : basic == by ? -1 : basic;
    return "good";
  }

  @RepeatedTest(20)
  void agrees() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Reservations state = Reservations.NONE;
    ObjectMapper cbor = new ObjectMapper(new CBORFactory());
    List<String> history = new ArrayList<>();
    for (int step = 0; step < 2_000; step++) {
      told.clear();
      int by = random.nextInt(NEXUSES);
      long key = random.nextInt(4) > 0 ? keys[by] : random.nextInt(4);
      long other = random.nextInt(4);
      int to = random.nextInt(NEXUSES);
      boolean flag = random.nextBoolean();
      ReservationType asked = TYPES[random.nextInt(TYPES.length)];
      ReservationType apt = type != null && random.nextInt(4) > 0 ? type : asked;
      int action = random.nextInt(20);
      history.add(action + " by " + by + " " + key + " " + other + " " + to + asked + apt + flag);
      String where = "seed " + seed + ": " + history.subList(Math.max(0, step - 8), step + 1);
      Reservations present = state;
      String expected;
      Outcome outcome = null;
      String found;
      try {
        switch (action) {
          case 0, 1, 2, 3, 4, 5 -> {
            expected = register(by, key, other, flag);
            outcome =
                new Registering(nexus(by), key, other, flag, false, List.of(), false, List.of())
                    .apply(present);
          }
          case 6, 7, 8, 9 -> {
            expected = reserve(by, key, asked);
            outcome = Reserving.reserve(present, nexus(by), key, asked);
          }
          case 10 -> {
            expected = release(by, key, apt);
            outcome = Reserving.release(present, nexus(by), key, apt);
          }
          case 11 -> {
            expected = flag ? clear(by, key) : "good";
            outcome = flag ? Reserving.clear(present, nexus(by), key) : Outcome.good(present);
          }
          case 12, 13, 14, 15 -> {
            expected = preempt(by, key, other, asked, flag);
            outcome = new Preempting(nexus(by), key, other, asked, flag).apply(present);
          }
          case 16, 17 -> {
            expected = move(by, key, other, to, flag);
            outcome =
                Reserving.registerAndMove(present, nexus(by), key, other, nexus(to), flag, false);
          }
          default -> {
            expected = basic(by, flag);
            outcome =
                flag
                    ? Reserving.reserveBasic(present, nexus(by))
                    : Reserving.releaseBasic(present, nexus(by));
          }
        }
        found = outcome.status() == io.moongate.scsi.Status.GOOD ? "good" : "conflict";
        state = outcome.next();
      } catch (CheckCondition refused) {
        found = "%04x".formatted(refused.sense().additional());
        expected = lastExpected(action, by, key, other, to, flag, asked, apt);
      }
      assertEquals(expected, found, where);
      assertSame(state, outcome, where);
      Reservations read = cbor.readValue(cbor.writeValueAsBytes(state), Reservations.class);
      assertEquals(state, read);
    }
  }

  /** A refusal leaves the model as it was, so that it may be asked again. */
  private String lastExpected(
      int action,
      int by,
      long key,
      long other,
      int to,
      boolean flag,
      ReservationType asked,
      ReservationType apt) {
    return switch (action) {
      case 6, 7, 8, 9 -> reserve(by, key, asked);
      case 10 -> release(by, key, apt);
      case 12, 13, 14, 15 -> preempt(by, key, other, asked, flag);
      case 16, 17 -> move(by, key, other, to, flag);
      default -> "none";
    };
  }

  private void assertSame(Reservations state, Outcome outcome, String where) {
    assertEquals(generation, state.generation(), where);
    assertEquals(type, state.type(), where);
    assertEquals(basic < 0 ? null : nexus(basic), state.basicHolder(), where);
    for (int i = 0; i < NEXUSES; i++) {
      Registration registration = state.of(nexus(i));
      assertEquals(keys[i], registration == null ? 0 : registration.key(), where);
      assertEquals(holder(i), state.holds(nexus(i)), where);
    }
    TreeMap<Integer, TreeSet<Integer>> notified = new TreeMap<>();
    if (outcome != null) {
      for (Notice notice : outcome.notices()) {
        int what =
            notice.kind() == Notice.Kind.ABORT
                ? 0xA
                : notice.attention() == UnitAttention.RESERVATIONS_PREEMPTED
                    ? 3
                    : notice.attention() == UnitAttention.RESERVATIONS_RELEASED ? 4 : 5;
        for (int i = 0; i < NEXUSES; i++) {
          if (notice.nexuses().contains(nexus(i))) {
            notified.computeIfAbsent(i, key -> new TreeSet<>()).add(what);
          }
        }
      }
    }
    assertEquals(told, notified, where);
  }
}

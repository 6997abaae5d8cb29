package io.moongate.multinode.harness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** PERSISTENT RESERVE OUT and IN as a host sends them (SPC-4 sections 6.15 and 6.16). */
public final class PersistentReservations {
  /** Keys of some thousand registrations. */
  private static final int ALLOCATION_LENGTH = 0x4000;

  private static final int LIST_LENGTH = 24;
  private static final byte APTPL = 0x01;
  private static final byte[] NOTHING = new byte[0];

  private PersistentReservations() {}

  /** Service actions of PERSISTENT RESERVE OUT, by their codes. */
  public enum Action {
    REGISTER,
    RESERVE,
    RELEASE,
    CLEAR,
    PREEMPT,
    PREEMPT_AND_ABORT,
    REGISTER_AND_IGNORE_EXISTING_KEY,
    REGISTER_AND_MOVE
  }

  /**
   * The types, and what each lets pass (SPC-4 section 5.13.1 and SBC-3 section 4.17: the rows of
   * READ and WRITE).
   */
  public enum Type {
    WRITE_EXCLUSIVE(0x1, true, false, true, false),
    EXCLUSIVE_ACCESS(0x3, false, false, false, false),
    WRITE_EXCLUSIVE_REGISTRANTS_ONLY(0x5, true, false, true, true),
    EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(0x6, false, false, true, true),
    WRITE_EXCLUSIVE_ALL_REGISTRANTS(0x7, true, false, true, true),
    EXCLUSIVE_ACCESS_ALL_REGISTRANTS(0x8, false, false, true, true);

    private final int code;
    private final boolean strangerReads;
    private final boolean strangerWrites;
    private final boolean registeredReads;
    private final boolean registeredWrites;

    Type(
        int code,
        boolean strangerReads,
        boolean strangerWrites,
        boolean registeredReads,
        boolean registeredWrites) {
      this.code = code;
      this.strangerReads = strangerReads;
      this.strangerWrites = strangerWrites;
      this.registeredReads = registeredReads;
      this.registeredWrites = registeredWrites;
    }

    public int code() {
      return code;
    }

    /** Whether a nexus that does not hold the reservation may READ. */
    public boolean reads(boolean registered) {
      return registered ? registeredReads : strangerReads;
    }

    /** Whether a nexus that does not hold the reservation may WRITE. */
    public boolean writes(boolean registered) {
      return registered ? registeredWrites : strangerWrites;
    }

    /** Whether those who are registered are told when it is released: unit attention 2A/04. */
    public boolean concernsRegistrants() {
      return registeredWrites;
    }
  }

  /** The basic parameter list. */
  public static byte[] list(long key, long newKey, boolean persists) {
    return ByteBuffer.allocate(LIST_LENGTH)
        .putLong(key)
        .putLong(newKey)
        .put(20, persists ? APTPL : 0)
        .array();
  }

  /** The CDB of a service action. */
  public static byte[] cdb(Action action, Type type) {
    return Cdb.persistentReserveOut(action.ordinal(), type == null ? 0 : type.code, LIST_LENGTH);
  }

  /** Registers a nexus under a key, for good, whatever it was registered under before. */
  public static void register(Nexus nexus, long key) throws IOException {
    nexus.execute(cdb(Action.REGISTER_AND_IGNORE_EXISTING_KEY, null), list(0, key, true), 0);
  }

  /**
   * Executes a service action once.
   *
   * @param type null where the service action has none
   * @param other the service action reservation key: of those to preempt, for one
   * @return how it ended, as {@link Nexus#once} says it
   */
  public static String out(Nexus nexus, Action action, Type type, long key, long other)
      throws IOException {
    return nexus.once(cdb(action, type), list(key, other, true), 0);
  }

  /** The keys that are registered, one for each nexus. */
  public static List<Long> keys(Nexus nexus) throws IOException {
    return keys(in(nexus, 0));
  }

  /** The same from what READ KEYS returned. */
  public static List<Long> keys(byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data, 8, data.length - 8);
    List<Long> keys = new ArrayList<>();
    while (in.remaining() >= Long.BYTES) {
      keys.add(in.getLong());
    }
    return keys;
  }

  /** CDB of READ KEYS. */
  public static byte[] readKeys() {
    return Cdb.persistentReserveIn(0, ALLOCATION_LENGTH);
  }

  /** Bytes that READ KEYS may return. */
  public static int allocationLength() {
    return ALLOCATION_LENGTH;
  }

  private static byte[] in(Nexus nexus, int serviceAction) throws IOException {
    return nexus.execute(
        Cdb.persistentReserveIn(serviceAction, ALLOCATION_LENGTH), NOTHING, ALLOCATION_LENGTH);
  }

  /**
   * What PERSISTENT RESERVE IN tells, in hexadecimal digits.
   *
   * @param generation PRGENERATION, as all of them have it
   * @param keys READ KEYS without PRGENERATION
   * @param reservation READ RESERVATION without PRGENERATION
   * @param fullStatus READ FULL STATUS without PRGENERATION
   * @param capabilities REPORT CAPABILITIES
   */
  public record Told(
      String generation, String keys, String reservation, String fullStatus, String capabilities) {

    private static final int GENERATION = 8;

    /** Asks; nothing must be changed meanwhile. */
    public static Told through(Nexus nexus) throws IOException {
      String keys = hex(in(nexus, 0));
      String reservation = hex(in(nexus, 1));
      String full = hex(in(nexus, 3));
      String generation = keys.substring(0, GENERATION);
      if (!reservation.startsWith(generation) || !full.startsWith(generation)) {
        throw new AssertionError(
            "PRGENERATION differs: %s, %s, %s".formatted(keys, reservation, full));
      }
      return new Told(
          generation,
          keys.substring(GENERATION),
          reservation.substring(GENERATION),
          full.substring(GENERATION),
          hex(in(nexus, 2)));
    }

    /**
     * The same but for PRGENERATION, which a power on may set to zero (SPC-4 section 6.15.2): what
     * is left when everything was stopped.
     */
    public Told withoutGeneration() {
      return new Told("", keys, reservation, fullStatus, capabilities);
    }

    private static String hex(byte[] bytes) {
      return HexFormat.of().formatHex(bytes);
    }
  }
}

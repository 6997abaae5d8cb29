package io.moongate.scsi.command;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.alua.ReportTargetPortGroups;
import io.moongate.scsi.alua.SetTargetPortGroups;
import io.moongate.scsi.block.CompareAndWrite;
import io.moongate.scsi.block.GetLbaStatus;
import io.moongate.scsi.block.OrWrite;
import io.moongate.scsi.block.PreFetch;
import io.moongate.scsi.block.Read;
import io.moongate.scsi.block.ReadCapacity;
import io.moongate.scsi.block.ReadDefectData;
import io.moongate.scsi.block.SynchronizeCache;
import io.moongate.scsi.block.Unmap;
import io.moongate.scsi.block.Verify;
import io.moongate.scsi.block.Write;
import io.moongate.scsi.block.WriteAndVerify;
import io.moongate.scsi.block.WriteAtomic;
import io.moongate.scsi.block.WriteSame;
import io.moongate.scsi.copy.ExtendedCopy;
import io.moongate.scsi.copy.ReceiveCopyResults;
import io.moongate.scsi.inquiry.Inquiry;
import io.moongate.scsi.log.LogSense;
import io.moongate.scsi.medium.PreventAllowMediumRemoval;
import io.moongate.scsi.medium.StartStopUnit;
import io.moongate.scsi.mode.ModeSelect;
import io.moongate.scsi.mode.ModeSense;
import io.moongate.scsi.reservation.PersistentReserveIn;
import io.moongate.scsi.reservation.PersistentReserveOut;
import io.moongate.scsi.reservation.Reserve;
import io.moongate.scsi.sanitize.Sanitize;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Every command that the device server executes, with its CDB usage data (SPC-4 section 6.35.3): a
 * bit is set where the device server evaluates the CDB. What is executed, what REPORT SUPPORTED
 * OPERATION CODES says, and which bits are refused when they are set, all come from here.
 */
public enum SupportedCommand {
  TEST_UNIT_READY("00 00 00 00 00 04", new TestUnitReady()),
  REQUEST_SENSE("03 01 00 00 FF 04", new RequestSense()),
  READ_6("08 1F FF FF FF 04", new Read()),
  WRITE_6("0A 1F FF FF FF 04", new Write()),
  INQUIRY("12 01 FF FF FF 04", new Inquiry()),
  MODE_SELECT_6("15 11 00 00 FF 04", new ModeSelect()),
  MODE_SENSE_6("1A 08 FF FF FF 04", new ModeSense()),
  RESERVE_6("16 00 00 00 00 04", Reserve.reserving()),
  RELEASE_6("17 00 00 00 00 04", Reserve.releasing()),
  START_STOP_UNIT("1B 01 00 0F F7 04", new StartStopUnit()),
  PREVENT_ALLOW_MEDIUM_REMOVAL("1E 00 00 00 03 04", new PreventAllowMediumRemoval()),
  READ_CAPACITY_10("25 00 00 00 00 00 00 00 00 04", new ReadCapacity()),
  READ_10("28 18 FF FF FF FF 00 FF FF 04", new Read()),
  WRITE_10("2A 18 FF FF FF FF 00 FF FF 04", new Write()),
  WRITE_AND_VERIFY_10("2E 16 FF FF FF FF 00 FF FF 04", new WriteAndVerify()),
  VERIFY_10("2F 16 FF FF FF FF 00 FF FF 04", new Verify()),
  PRE_FETCH_10("34 02 FF FF FF FF 00 FF FF 04", new PreFetch()),
  SYNCHRONIZE_CACHE_10("35 06 FF FF FF FF 00 FF FF 04", new SynchronizeCache()),
  READ_DEFECT_DATA_10("37 00 1F 00 00 00 00 FF FF 04", new ReadDefectData()),
  WRITE_SAME_10("41 18 FF FF FF FF 00 FF FF 04", new WriteSame()),
  UNMAP("42 01 00 00 00 00 00 FF FF 04", new Unmap()),
  SANITIZE_OVERWRITE("48 A1 00 00 00 00 00 FF FF 04", new Sanitize(Sanitize.Action.OVERWRITE)),
  SANITIZE_BLOCK_ERASE("48 A2 00 00 00 00 00 00 00 04", new Sanitize(Sanitize.Action.BLOCK_ERASE)),
  SANITIZE_EXIT_FAILURE_MODE(
      "48 9F 00 00 00 00 00 00 00 04", new Sanitize(Sanitize.Action.EXIT_FAILURE_MODE)),
  LOG_SENSE("4D 00 FF FF 00 FF FF FF FF 04", new LogSense()),
  MODE_SELECT_10("55 11 00 00 00 00 00 FF FF 04", new ModeSelect()),
  RESERVE_10("56 00 00 00 00 00 00 00 00 04", Reserve.reserving()),
  RELEASE_10("57 00 00 00 00 00 00 00 00 04", Reserve.releasing()),
  MODE_SENSE_10("5A 18 FF FF 00 00 00 FF FF 04", new ModeSense()),
  READ_KEYS("5E 00 00 00 00 00 00 FF FF 04", new PersistentReserveIn()),
  READ_RESERVATION("5E 01 00 00 00 00 00 FF FF 04", new PersistentReserveIn()),
  REPORT_CAPABILITIES("5E 02 00 00 00 00 00 FF FF 04", new PersistentReserveIn()),
  READ_FULL_STATUS("5E 03 00 00 00 00 00 FF FF 04", new PersistentReserveIn()),
  REGISTER("5F 00 00 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  RESERVE("5F 01 FF 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  RELEASE("5F 02 FF 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  CLEAR("5F 03 00 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  PREEMPT("5F 04 FF 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  PREEMPT_AND_ABORT("5F 05 FF 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  REGISTER_AND_IGNORE_EXISTING_KEY("5F 06 00 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  REGISTER_AND_MOVE("5F 07 00 00 00 FF FF FF FF 04", new PersistentReserveOut()),
  EXTENDED_COPY("83 00 00 00 00 00 00 00 00 00 FF FF FF FF 00 04", new ExtendedCopy()),
  RECEIVE_COPY_STATUS(
      "84 00 FF 00 00 00 00 00 00 00 FF FF FF FF 00 04", new ReceiveCopyResults.CopyStatus()),
  RECEIVE_COPY_DATA(
      "84 01 FF 00 00 00 00 00 00 00 FF FF FF FF 00 04", new ReceiveCopyResults.HeldData()),
  RECEIVE_COPY_OPERATING_PARAMETERS(
      "84 03 00 00 00 00 00 00 00 00 FF FF FF FF 00 04",
      new ReceiveCopyResults.OperatingParameters()),
  RECEIVE_COPY_FAILURE_DETAILS(
      "84 04 FF 00 00 00 00 00 00 00 FF FF FF FF 00 04", new ReceiveCopyResults.FailureDetails()),
  READ_16("88 18 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new Read()),
  COMPARE_AND_WRITE("89 18 FF FF FF FF FF FF FF FF 00 00 00 FF 00 04", new CompareAndWrite()),
  WRITE_16("8A 18 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new Write()),
  ORWRITE_16("8B 18 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new OrWrite()),
  WRITE_AND_VERIFY_16("8E 16 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new WriteAndVerify()),
  VERIFY_16("8F 16 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new Verify()),
  PRE_FETCH_16("90 02 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new PreFetch()),
  SYNCHRONIZE_CACHE_16("91 06 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new SynchronizeCache()),
  WRITE_SAME_16("93 19 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new WriteSame()),
  WRITE_ATOMIC_16("9C 18 FF FF FF FF FF FF FF FF 00 00 FF FF 00 04", new WriteAtomic()),
  READ_CAPACITY_16("9E 10 00 00 00 00 00 00 00 00 FF FF FF FF 00 04", new ReadCapacity()),
  GET_LBA_STATUS("9E 12 FF FF FF FF FF FF FF FF FF FF FF FF 00 04", new GetLbaStatus()),
  REPORT_LUNS("A0 00 FF 00 00 00 FF FF FF FF 00 04", new ReportLuns()),
  REPORT_TARGET_PORT_GROUPS("A3 EA 00 00 00 00 FF FF FF FF 00 04", new ReportTargetPortGroups()),
  REPORT_SUPPORTED_OPERATION_CODES(
      "A3 0C 87 FF FF FF FF FF FF FF 00 04", new ReportSupportedOperationCodes()),
  REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS(
      "A3 0D 80 00 00 00 FF FF FF FF 00 04", new ReportSupportedTaskManagementFunctions()),
  SET_TARGET_PORT_GROUPS("A4 0A 00 00 00 00 FF FF FF FF 00 04", new SetTargetPortGroups()),
  READ_12("A8 18 FF FF FF FF FF FF FF FF 00 04", new Read()),
  WRITE_12("AA 18 FF FF FF FF FF FF FF FF 00 04", new Write()),
  WRITE_AND_VERIFY_12("AE 16 FF FF FF FF FF FF FF FF 00 04", new WriteAndVerify()),
  VERIFY_12("AF 16 FF FF FF FF FF FF FF FF 00 04", new Verify()),
  READ_DEFECT_DATA_12("B7 1F FF FF FF FF FF FF FF FF 00 04", new ReadDefectData());

  private static final int NACA = 0x04;
  private static final int SERVICE_ACTION_FIELD = 0x1F;
  private static final int GROUP_NUMBER_FIELD = 0x3F;
  private static final int FUA_NV = 0x02;

  private static final SupportedCommand[][] BY_OPERATION_CODE = new SupportedCommand[256][];

  static {
    for (SupportedCommand command : values()) {
      int code = command.operationCode();
      if (BY_OPERATION_CODE[code] == null) {
        BY_OPERATION_CODE[code] = new SupportedCommand[command.hasServiceAction() ? 32 : 1];
      }
      BY_OPERATION_CODE[code][command.hasServiceAction() ? command.serviceAction() : 0] = command;
    }
  }

  private final byte[] usage;
  private final byte[] accepted;
  private final CommandHandler handler;

  SupportedCommand(String usage, CommandHandler handler) {
    this.usage = HexFormat.ofDelimiter(" ").parseHex(usage);
    this.handler = handler;
    this.accepted = accepted();
  }

  /**
   * Bits that may be set: those that are evaluated, and two fields that may be ignored. GROUP
   * NUMBER only groups statistics (SBC-3 section 4.22), and FUA_NV asks for less than what is done.
   */
  private byte[] accepted() {
    byte[] bits = usage.clone();
    bits[0] = (byte) 0xFF;
    if (hasServiceAction()) {
      bits[1] |= SERVICE_ACTION_FIELD;
    }
    boolean transfers = handler instanceof Read || handler instanceof Write;
    if (transfers && usage.length > 6) {
      bits[1] |= FUA_NV;
    }
    if (handler instanceof PersistentReserveOut) {
      bits[2] = (byte) 0xFF; // SCOPE and TYPE, which some service actions ignore
    }
    if (hasGroupNumber()) {
      bits[usage.length == 10 ? 6 : usage.length - 2] |= GROUP_NUMBER_FIELD;
    }
    return bits;
  }

  private boolean hasGroupNumber() {
    return switch (operationCode()) {
      case 0x28, 0x2A, 0x2E, 0x2F, 0x34, 0x35, 0x41, 0x42 -> true;
      case 0x88, 0x89, 0x8A, 0x8B, 0x8E, 0x8F, 0x90, 0x91, 0x93, 0x9C -> true;
      case 0xA8, 0xAA, 0xAE, 0xAF -> true;
      default -> false;
    };
  }

  /** The command that a CDB asks for, on this nexus. */
  public static SupportedCommand of(Cdb cdb, DeviceServer server, Nexus nexus) {
    SupportedCommand[] commands = BY_OPERATION_CODE[cdb.operationCode()];
    if (commands == null) {
      throw new CheckCondition(Sense.INVALID_OPERATION_CODE);
    }
    if (commands.length == 1) {
      if (!commands[0].isSupported(server, nexus)) {
        throw new CheckCondition(Sense.INVALID_OPERATION_CODE);
      }
      return commands[0];
    }
    SupportedCommand command = commands[cdb.serviceAction()];
    if (command == null || !command.isSupported(server, nexus)) {
      boolean another =
          Arrays.stream(commands).anyMatch(each -> each != null && each.isSupported(server, nexus));
      throw new CheckCondition(another ? Sense.invalidCdb(1, 4) : Sense.INVALID_OPERATION_CODE);
    }
    return command;
  }

  /** The command of an operation code and a service action, or null; the latter 0 without one. */
  static SupportedCommand find(
      int operationCode, int serviceAction, DeviceServer server, Nexus nexus) {
    SupportedCommand[] commands = BY_OPERATION_CODE[operationCode];
    if (commands == null || serviceAction >= commands.length) {
      return null;
    }
    SupportedCommand command = commands[serviceAction];
    return command != null && command.isSupported(server, nexus) ? command : null;
  }

  /** Whether the operation code, when it is supported at all, has service actions. */
  static boolean hasServiceActions(int operationCode) {
    SupportedCommand[] commands = BY_OPERATION_CODE[operationCode];
    return commands != null && commands.length > 1;
  }

  /**
   * Whether a unit has the command: some need a store that can do it, or a target that has opted in
   * to it.
   */
  boolean isSupported(DeviceServer server, Nexus nexus) {
    return switch (this) {
      case UNMAP, GET_LBA_STATUS, SANITIZE_BLOCK_ERASE -> server.geometry().unmap();
      case WRITE_ATOMIC_16 -> server.geometry().atomicWrite() > 0;
      case SET_TARGET_PORT_GROUPS -> server.explicitAlua(nexus);
      default -> true;
    };
  }

  /** Refuses a CDB that is too short, sets bits that are not evaluated, or asks for NACA. */
  public void check(Cdb cdb) {
    byte[] bytes = cdb.bytes();
    if (bytes.length < usage.length) {
      throw new CheckCondition(Sense.INVALID_OPERATION_CODE);
    }
    int control = usage.length - 1;
    if ((bytes[control] & NACA) != 0) {
      throw new CheckCondition(Sense.invalidCdb(control, 2));
    }
    for (int i = 1; i < usage.length; i++) {
      int refused = bytes[i] & ~accepted[i] & 0xFF;
      if (refused != 0) {
        int bit = 31 - Integer.numberOfLeadingZeros(refused);
        throw new CheckCondition(Sense.invalidCdb(i, bit));
      }
    }
  }

  /** How it is executed. */
  public CommandHandler handler() {
    return handler;
  }

  /** OPERATION CODE. */
  int operationCode() {
    return usage[0] & 0xFF;
  }

  /** Whether byte 1 of the CDB has a service action. */
  boolean hasServiceAction() {
    return switch (operationCode()) {
      case 0x48, 0x5E, 0x5F, 0x83, 0x84, 0x9E, 0x9F, 0xA3, 0xA4 -> true;
      default -> false;
    };
  }

  /** SERVICE ACTION. */
  int serviceAction() {
    return usage[1] & SERVICE_ACTION_FIELD;
  }

  /** The CDB USAGE DATA; its length is the CDB's. */
  byte[] usage() {
    return usage.clone();
  }

  /** Whether a pending unit attention does not keep the command back (SPC-4 section 5.14). */
  public static boolean passesUnitAttention(int operationCode) {
    SupportedCommand[] commands = BY_OPERATION_CODE[operationCode];
    return commands != null
        && (commands[0] == INQUIRY || commands[0] == REPORT_LUNS || commands[0] == REQUEST_SENSE);
  }

  /** The standard's name. */
  @Override
  public String toString() {
    return name().replace('_', ' ').toUpperCase(Locale.ROOT);
  }
}

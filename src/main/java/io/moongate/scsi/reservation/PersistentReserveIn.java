package io.moongate.scsi.reservation;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * PERSISTENT RESERVE IN (SPC-4 section 6.15). The owner answers it, so that the answer is never
 * older than a change that was acknowledged through another gateway. Lengths in the data are those
 * of everything, also when the data is cut.
 */
public final class PersistentReserveIn implements CommandHandler.Medium {
  private static final int READ_KEYS = 0x00;
  private static final int READ_RESERVATION = 0x01;
  private static final int REPORT_CAPABILITIES = 0x02;

  /** CRH, SIP_C, ATP_C and PTPL_C. */
  private static final int CAPABILITIES = 0x10 | 0x08 | 0x04 | 0x01;

  private static final int TMV = 0x80;

  /**
   * TEST UNIT READY passes every reservation; commands that report something about the unit pass
   * those that exclude writes only: see {@link Conflicts}.
   */
  private static final int ALLOW_COMMANDS = 3 << 4;

  private static final int PTPL_A = 0x01;

  /** All six types. */
  private static final int TYPE_MASK = 0xEA01;

  private static final int R_HOLDER = 0x01;

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    return new MediumOperation(0, 0, false, 0) {
      @Override
      public CompletionStage<Response> run(Execution execution) {
        var unused = execution.epoch(); // only who owns the unit now knows what holds now
        Cdb cdb = new Cdb(command.cdb());
        byte[] data = data(cdb.serviceAction(), server.shared().reservations());
        return CompletableFuture.completedFuture(DataIn.of(data, cdb.u16(7)));
      }
    };
  }

  private static byte[] data(int serviceAction, Reservations reservations) {
    return switch (serviceAction) {
      case READ_KEYS -> keys(reservations);
      case READ_RESERVATION -> reservation(reservations);
      case REPORT_CAPABILITIES -> capabilities(reservations);
      default -> fullStatus(reservations);
    };
  }

  private static ByteBuffer header(Reservations reservations, int length) {
    ByteBuffer out = ByteBuffer.allocate(8 + length);
    return out.putInt((int) reservations.generation()).putInt(length);
  }

  private static byte[] keys(Reservations reservations) {
    List<Registration> all = reservations.registrations();
    ByteBuffer out = header(reservations, 8 * all.size());
    all.forEach(each -> out.putLong(each.key()));
    return out.array();
  }

  private static byte[] reservation(Reservations reservations) {
    if (reservations.type() == null) {
      return header(reservations, 0).array();
    }
    ByteBuffer out = header(reservations, 16);
    Nexus holder = reservations.holder();
    Registration registration = holder == null ? null : reservations.of(holder);
    out.putLong(registration == null ? 0 : registration.key());
    return out.putInt(0).put((byte) 0).put((byte) reservations.type().code()).array();
  }

  private static byte[] capabilities(Reservations reservations) {
    ByteBuffer out = ByteBuffer.allocate(8).putShort((short) 8).put((byte) CAPABILITIES);
    boolean persists = reservations.persistThroughPowerLoss();
    out.put((byte) (TMV | ALLOW_COMMANDS | (persists ? PTPL_A : 0)));
    return out.putShort((short) TYPE_MASK).array();
  }

  /** Each nexus that is registered, for one target port each: ALL_TG_PT is 0 throughout. */
  private static byte[] fullStatus(Reservations reservations) {
    List<Registration> all = reservations.registrations();
    List<byte[]> ids = all.stream().map(each -> InitiatorPort.transportId(each.nexus())).toList();
    int length = ids.stream().mapToInt(id -> 24 + id.length).sum();
    ByteBuffer out = header(reservations, length);
    for (int i = 0; i < ids.size(); i++) {
      Registration each = all.get(i);
      boolean holds = reservations.holds(each.nexus());
      out.putLong(each.key()).putInt(0).put((byte) (holds ? R_HOLDER : 0));
      out.put((byte) (holds ? reservations.type().code() : 0)).putInt(0);
      out.putShort((short) each.nexus().portalGroupTag()).putInt(ids.get(i).length);
      out.put(ids.get(i));
    }
    return out.array();
  }
}

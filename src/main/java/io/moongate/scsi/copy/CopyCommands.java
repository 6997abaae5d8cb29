package io.moongate.scsi.copy;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.scsi.task.Execution;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The commands that a copy manager sends for one copy: in the name of the nexus that asked for it,
 * under the tag and the deadline of its command. What is answered BUSY or TASK SET FULL is sent
 * again until that deadline.
 */
final class CopyCommands {
  private static final byte READ_16 = (byte) 0x88;
  private static final byte WRITE_16 = (byte) 0x8A;
  private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0).asReadOnlyBuffer();

  private final ThirdPartyCopy shared;
  private final Command copy;
  private final Execution execution;

  CopyCommands(ThirdPartyCopy shared, Command copy, Execution execution) {
    this.shared = shared;
    this.copy = copy;
    this.execution = execution;
  }

  /** Whether nothing more is to be begun. */
  boolean over() {
    return execution.over();
  }

  /**
   * Reads.
   *
   * @param ended is called once, on a thread of the copies, never before it is certain that the
   *     command has ended; with nothing when it was not sent because the copy is over
   */
  void read(CopyParty party, long offset, int bytes, Consumer<Optional<Response>> ended) {
    send(party, cdb(READ_16, party, offset, bytes), NO_DATA, bytes, ended);
  }

  /** Writes what is in the buffer; {@code ended} as for {@link #read}. */
  void write(CopyParty party, long offset, ByteBuffer data, Consumer<Optional<Response>> ended) {
    send(party, cdb(WRITE_16, party, offset, data.remaining()), data, 0, ended);
  }

  private static byte[] cdb(byte operationCode, CopyParty party, long offset, int bytes) {
    int block = party.geometry().blockSize();
    ByteBuffer cdb = ByteBuffer.allocate(16);
    cdb.put(0, operationCode).putLong(2, offset / block).putInt(10, bytes / block);
    return cdb.array();
  }

  private void send(
      CopyParty party,
      byte[] cdb,
      ByteBuffer data,
      long dataIn,
      Consumer<Optional<Response>> ended) {
    if (over()) {
      ended.accept(Optional.empty());
      return;
    }
    Command command =
        new Command(
            copy.nexus(),
            copy.tag(),
            TaskAttribute.SIMPLE,
            cdb,
            data.duplicate(),
            dataIn,
            copy.deadlineNanos());
    party.execute(
        command,
        response ->
            shared.executor().execute(() -> answered(party, cdb, data, dataIn, ended, response)));
  }

  private void answered(
      CopyParty party,
      byte[] cdb,
      ByteBuffer data,
      long dataIn,
      Consumer<Optional<Response>> ended,
      Response response) {
    boolean again = response.status() == Status.BUSY || response.status() == Status.TASK_SET_FULL;
    long next = shared.timer().nanoTime() + shared.settings().retryInterval().toNanos();
    if (!again || over() || next - copy.deadlineNanos() >= 0) {
      ended.accept(Optional.of(response));
      return;
    }
    shared
        .timer()
        .at(next, () -> shared.executor().execute(() -> send(party, cdb, data, dataIn, ended)));
  }
}

package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import java.util.UUID;

/** What goes over a relay connection. The sender opens it; the owner answers. */
sealed interface Frame {
  /** Of the whole protocol. Peers of different versions don't talk. */
  int VERSION = 2;

  /**
   * The first frame, from the sender.
   *
   * @param sender whose it is
   * @param link the sender's {@link RelayClient}; its connections replace one another
   * @param connection counts the link's connections; grows
   * @param expected the owner's process that the sender means
   */
  record Hello(Sender sender, UUID link, long connection, UUID expected) implements Frame {}

  /**
   * The owner's answer when it is the process that was meant.
   *
   * @param begun of the requests of the link's earlier connections, none with a greater id than
   *     this has begun or ever will; {@link #UNKNOWN} when the owner can't tell
   */
  record Welcome(long begun) implements Frame {
    static final long UNKNOWN = -1;
  }

  /** The owner's answer otherwise; it closes the connection after it. */
  record Refusal(Reason reason) implements Frame {
    enum Reason {
      /** Not this protocol or version. */
      PROTOCOL(1),
      /** Another process was meant. */
      INCARNATION(2),
      /** The link has a newer connection, or the gateway a later process. */
      SUPERSEDED(3),
      /** The owner has as many connections as it takes. */
      TOO_MANY(4);

      final byte code;

      Reason(int code) {
        this.code = (byte) code;
      }
    }
  }

  /** The clock ({@link System#nanoTime}) of whoever sends it, read right before it is sent. */
  record Tick(long nanos) implements Frame {}

  /**
   * A command to execute.
   *
   * @param id grows over all connections of a link, in the order of sending
   * @param unitId the cluster's id of the logical unit
   * @param epoch the only one under which it may be executed
   * @param command its deadline is in the <em>owner's</em> clock
   */
  record Request(long id, String unitId, long epoch, Command command) implements Frame {}

  /** What a request ended with. */
  record Reply(long id, Response response) implements Frame {}
}

/**
 * A command's way from a gateway that does not own the logical unit (the <em>sender</em>) to the
 * one that does (the <em>owner</em>), and its response's way back: a few links per pair and
 * direction, each of one TCP connection at a time, multiplexed. A command goes by one of them, and
 * never by another; what is said below of connections is said of one link's.
 *
 * <p><b>The danger.</b> An initiator that was told BUSY, or that gave up, writes again, perhaps
 * through another gateway, and then writes newer data. If the first command were still somewhere
 * (in a socket's buffer of an owner that was stopped and continues later) and executed then, it
 * would overwrite the newer data. So:
 *
 * <blockquote>
 *
 * The owner never begins to execute a command after the sender has answered it.
 *
 * </blockquote>
 *
 * <p><b>How.</b> "Begin" is the unit's own last look at the deadline, right before the store is
 * touched and with the range of blocks locked.
 *
 * <ol>
 *   <li>A request carries a deadline in the <em>owner's</em> clock, so whoever was stopped, and for
 *       however long, the owner can tell by itself that it is too late. The owner tells its clock
 *       in ticks. A tick that says T was sent before it was received, so whenever the sender's
 *       clock has advanced by x since the receipt, the owner's has by at least x less the drift; a
 *       command whose deadline is x after the receipt is sent with the deadline T + x - drift -
 *       margin. That instant is not later than the sender's own deadline. See {@link
 *       io.moongate.relay.OwnerClock}. A tick that is late, or taken note of late, only makes
 *       deadlines shorter.
 *   <li>The owner looks at the deadline when it decodes the request, and hands it on in the command
 *       for the unit to look again.
 *   <li>The sender answers a command of which a byte may have been sent, other than with the
 *       owner's reply, only when one of these holds ({@link io.moongate.relay.Outstanding}):
 *       <ul>
 *         <li>the connection is gone and the command's own deadline is past;
 *         <li>the connection is up and the deadline is past by {@code reply-bound};
 *         <li>the owner has said over a newer connection of the same link how far requests had
 *             begun, and this one is beyond. The owner makes the new connection the only one that
 *             can begin anything at the same instant at which it reads how far the old ones came
 *             ({@link io.moongate.relay.Peer}), so what lies in an old connection's buffer is void;
 *         <li>the owner's process is proven dead, or out of the charter and its lease over.
 *       </ul>
 *   <li>A command of which no byte was handed to a connection is answered BUSY at any time, because
 *       the right to send it and the right to answer it are one compare-and-set.
 * </ol>
 *
 * <p><b>What has begun</b> and whose reply is lost may finish at the owner later. That is safe: it
 * holds the lock of its range, so a later overlapping command at the same owner comes after it; and
 * another owner serves only once the store is fenced, or the old owner has released the unit with
 * nothing running, or its lease has run out (design rules 2 and 3; what a plain file's fence is
 * worth is written there).
 *
 * <p><b>What it rests on.</b> The two monotonic clocks differ in rate by less than {@code
 * clock-drift}, and neither stands still. {@link java.lang.System#nanoTime} goes on while a process
 * is stopped; it does not while a whole host is suspended or a virtual machine is paused. An owner
 * to which that happens is not stopped by a deadline, nor by its lease: there the store's fence
 * must hold.
 *
 * <p>There is no task management here: aborting a relayed command means to wait for its answer,
 * which comes within {@code reply-bound} of its deadline.
 */
package io.moongate.relay;

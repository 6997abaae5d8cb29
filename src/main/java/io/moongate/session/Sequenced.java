package io.moongate.session;

import io.moongate.wire.InitiatorPdu;

/**
 * A request in CmdSN order.
 *
 * @param pdu the request
 * @param arrivedNanos when it was parsed, {@link System#nanoTime}
 */
record Sequenced(InitiatorPdu pdu, long arrivedNanos) {}

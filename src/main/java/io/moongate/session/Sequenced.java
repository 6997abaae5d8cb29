package io.moongate.session;

import io.moongate.wire.InitiatorPdu;

/**
 * A request in CmdSN order.
 *
 * @param connection that it came on
 * @param pdu the request
 * @param arrivedNanos when it was parsed, {@link System#nanoTime}
 */
record Sequenced(FullFeaturePhase connection, InitiatorPdu pdu, long arrivedNanos) {}

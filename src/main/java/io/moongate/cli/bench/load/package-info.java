/**
 * The load generator of {@code moongate bench}: an initiator that has many sessions on one thread,
 * and does nothing with data but send and count it. It knows the wire and nothing of any target.
 */
package io.moongate.cli.bench.load;

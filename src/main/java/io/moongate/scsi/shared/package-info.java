/**
 * What the device servers of one logical unit share, each on a gateway of its own: state that is
 * the same through every path and outlives an owner, and conditions that concern nexuses of several
 * gateways.
 *
 * <p>The owner alone changes it, under its epoch: it has a change recorded for good, then tells the
 * other gateways, and only then answers the command that asked for it (design rule 7).
 */
package io.moongate.scsi.shared;

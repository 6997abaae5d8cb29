/**
 * SCSI as a gateway serves it (SAM-5, SPC-4, SBC-3): logical units, and what a transport needs to
 * know of them.
 *
 * <p>{@link io.moongate.scsi.TaskRouter} takes every command to a target. {@link
 * io.moongate.scsi.BlockUnit} is the device server; {@code command} has the table of its commands,
 * {@code inquiry}, {@code mode}, {@code alua} and {@code block} execute them, {@code sense} has
 * what is reported. {@code task} is the heart of it: which command may touch the medium, when, and
 * under whose ownership.
 *
 * <p>Nothing here knows of iSCSI, of the cluster, or of how a store works: an owner is a {@link
 * io.moongate.scsi.Route}, the right to serve a {@link io.moongate.scsi.Lease}, and a store a
 * {@link io.moongate.volume.Volume}.
 */
package io.moongate.scsi;

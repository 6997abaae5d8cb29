/**
 * Third-party copy (SPC-4 sections 5.17, 6.4, 6.5, 6.20 to 6.24 and 7.8.17): EXTENDED COPY (LID1)
 * between block devices, and what hosts ask about it.
 *
 * <p>{@link io.moongate.scsi.copy.ExtendedCopy} is where it begins. The copy manager is on the
 * gateway where the command arrived. It reads and writes by SCSI commands to the units ({@link
 * io.moongate.scsi.copy.CopyParty}) on behalf of the nexus that asked, so that what holds for that
 * nexus's own READ and WRITE holds for these.
 */
package io.moongate.scsi.copy;

/** The commands of a block device to its medium (SBC-3 section 5). */
package io.moongate.scsi.block;

/** MODE SENSE and MODE SELECT, and the mode pages (SPC-4 section 7.5, SBC-3 section 6.5). */
package io.moongate.scsi.mode;

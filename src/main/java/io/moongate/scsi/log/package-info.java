/** LOG SENSE and the log pages (SPC-4 section 7.3, SBC-3 section 6.4). */
package io.moongate.scsi.log;

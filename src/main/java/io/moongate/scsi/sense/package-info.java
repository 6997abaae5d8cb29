/** Sense data and unit attention conditions (SPC-4 section 4.5, SAM-5 section 5.14). */
package io.moongate.scsi.sense;

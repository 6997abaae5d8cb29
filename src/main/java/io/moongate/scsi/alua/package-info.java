/** Asymmetric logical unit access (SPC-4 section 5.15), implicit only. */
package io.moongate.scsi.alua;

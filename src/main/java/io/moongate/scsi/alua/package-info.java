/** Asymmetric logical unit access (SPC-4 section 5.15): implicit, and explicit where opted in. */
package io.moongate.scsi.alua;

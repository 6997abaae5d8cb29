/**
 * SANITIZE (SBC-3 section 4.11): {@link io.moongate.scsi.sanitize.Sanitize} records that an
 * operation has begun, {@link io.moongate.scsi.sanitize.SanitizeWork} carries it out at whoever
 * owns the unit, and {@link io.moongate.scsi.sanitize.SanitizeWait} keeps a command waiting for its
 * end.
 */
package io.moongate.scsi.sanitize;

/**
 * Registrations and reservations of a logical unit (SPC-4 sections 5.13 and 6.15 to 6.18): their
 * state as a pure value, the commands that read and change it, and which commands they keep away.
 */
package io.moongate.scsi.reservation;

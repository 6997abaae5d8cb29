/**
 * The medium of a removable unit (SBC-3 sections 5.15 and 5.25): START STOP UNIT, PREVENT ALLOW
 * MEDIUM REMOVAL, and what is refused while it is out. Where it is, and who prevents its removal,
 * is shared state: the same through every path, over a failover and a restart.
 */
package io.moongate.scsi.medium;

package io.moongate.management.api;

import java.time.Instant;

/**
 * One logical unit through one portal of one gateway.
 *
 * @param lun 0 to 16383
 * @param target iSCSI name
 * @param id the logical unit's UUID
 * @param gateway name
 * @param portal {@code address:port}; null when the gateway has none
 * @param tpg target port group id
 * @param state asymmetric access state (SPC-4 section 5.15.2): {@code active-optimized}, {@code
 *     active-non-optimized}, {@code standby}, {@code unavailable}, {@code offline} or {@code
 *     transitioning}
 * @param owner gateway that owns the unit; null when there is none
 * @param epoch number of the ownership
 * @param since when the state came to be
 * @param cause why
 */
public record Path(
    int lun,
    String target,
    String id,
    String gateway,
    String portal,
    int tpg,
    String state,
    String owner,
    long epoch,
    Instant since,
    String cause) {}

package io.moongate.scsi;

import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.task.UnitCounts;
import java.util.Map;

/**
 * A logical unit on one gateway, at one moment, for its metrics.
 *
 * @param counts what became of its commands so far
 * @param storeFailures operations of the store that failed, by the reason
 * @param inFlight commands in its task set
 * @param held those of them that wait for the end of a transition
 * @param state of the gateway's own path
 */
public record UnitReading(
    UnitCounts counts,
    Map<String, Long> storeFailures,
    int inFlight,
    int held,
    AccessState state) {}

package io.moongate.management.api;

import java.util.List;

/**
 * Data of the event {@code lun} of {@code GET /changes}.
 *
 * @param lun the logical unit
 * @param paths all of its paths
 */
public record ChangedLun(LogicalUnit lun, List<Path> paths) {}

package io.moongate.management.api;

import java.util.List;

/**
 * Body of {@code POST /luns}.
 *
 * @param target iSCSI name of an existing target
 * @param lun 0 to 16383
 * @param size bytes, a positive multiple of the block size
 * @param blockSize 512 or 4096; null for 512
 * @param store kind of the volume store; null for the gateway's default
 * @param preferred gateways in order of preference as owners; null or empty for no preference
 */
public record CreateLun(
    String target,
    Integer lun,
    Long size,
    Integer blockSize,
    String store,
    List<String> preferred) {}

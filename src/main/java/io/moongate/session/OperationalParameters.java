package io.moongate.session;

/**
 * What a login agreed on (RFC 7143 section 13). Lengths are in bytes, times in seconds.
 *
 * @param headerDigest whether CRC32C protects headers
 * @param dataDigest whether CRC32C protects data segments
 * @param initiatorMaxRecvDataSegmentLength longest data segment that the initiator takes
 * @param targetMaxRecvDataSegmentLength longest data segment that the target declared to take
 * @param maxConnections connections that the session may have
 * @param defaultTime2Wait DefaultTime2Wait
 * @param defaultTime2Retain DefaultTime2Retain
 */
record OperationalParameters(
    boolean headerDigest,
    boolean dataDigest,
    int initiatorMaxRecvDataSegmentLength,
    int targetMaxRecvDataSegmentLength,
    int maxBurstLength,
    int firstBurstLength,
    int maxConnections,
    int maxOutstandingR2t,
    boolean initialR2t,
    boolean immediateData,
    int defaultTime2Wait,
    int defaultTime2Retain) {

  /** The length of data segments until something else is declared (section 13.12). */
  static final int DEFAULT_MAX_RECV_DATA_SEGMENT_LENGTH = 8192;

  OperationalParameters withInitiatorMaxRecvDataSegmentLength(int length) {
    return new OperationalParameters(
        headerDigest,
        dataDigest,
        length,
        targetMaxRecvDataSegmentLength,
        maxBurstLength,
        firstBurstLength,
        maxConnections,
        maxOutstandingR2t,
        initialR2t,
        immediateData,
        defaultTime2Wait,
        defaultTime2Retain);
  }
}

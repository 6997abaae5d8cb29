/**
 * iSCSI on the wire (RFC 7143): PDUs as records, their decoder and encoder, the text format, CRC32C
 * and the code tables. Knows layouts and lengths; no session, no login, no SCSI.
 *
 * <p>Read {@link io.moongate.wire.Pdu} and its two families first, then {@link
 * io.moongate.wire.PduDecoder} and {@link io.moongate.wire.PduEncoder}, and {@link
 * io.moongate.wire.TextKeys}. What a peer does wrong is a {@link
 * io.moongate.wire.ProtocolException}.
 */
package io.moongate.wire;

/**
 * The iSCSI target side (RFC 7143): logins, sessions, and the stream of a connection.
 *
 * <p>{@link io.moongate.session.IscsiServer} is a portal. The protocol itself is plain state
 * machines, {@code Connection} and what it consists of, to which time, PDUs and answers are handed;
 * {@code SessionStage} drives one in turns. {@code SessionConnections} is what the connections of a
 * session share, and says how their turns exclude one another. {@link
 * io.moongate.session.SessionRegistry} knows every connection and session of the gateway. What a
 * session is logged in to is asked of {@link io.moongate.scsi.TargetDirectory}.
 */
package io.moongate.session;

/**
 * Who may log in to a target: the changes that the management API asks for, and the encryption of
 * the CHAP secrets in them. A secret is encrypted by the gateway that is given it, before it goes
 * anywhere, and decrypted by the gateway that an initiator logs in to.
 */
package io.moongate.cluster.access;

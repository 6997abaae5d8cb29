/**
 * Whose acknowledgements make a lease, and how that changes: plain state machines without actor,
 * clock or network, so that whole clusters of them are simulated from a seed. The protocol and why
 * it is safe: {@code docs/decisions/0012-the-charter.md}.
 */
package io.moongate.cluster.charter;

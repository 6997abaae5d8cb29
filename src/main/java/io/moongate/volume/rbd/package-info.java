/**
 * Volumes as RBD images in a Ceph pool, by librbd's asynchronous calls.
 *
 * <p><b>What it protects against.</b> Ceph itself refuses a stale owner: {@link
 * io.moongate.volume.Volume#fence} breaks the former owner's exclusive lock, which puts its client
 * on the blocklist, and no server of the pool then does anything for that client that comes later
 * than the first thing that it did for the new owner. The lock alone is advisory; the blocklist is
 * the fence. What that rests on: docs/decisions/0019-rbd.md.
 *
 * <p>The blocklist knows clients, not images. So each open volume has a client of its own.
 */
package io.moongate.volume.rbd;

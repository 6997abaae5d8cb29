/**
 * Volumes as sparse files in a directory.
 *
 * <p><b>What it protects against, and what not.</b> A completed stable write or flush has been
 * through {@code fdatasync}. A plain file has no fence: nothing in a file system stops a process
 * that was halted between the decision to write and the system call from writing when it continues.
 * {@link io.moongate.volume.Volume#fence} records the epoch durably, and each operation looks for
 * its own epoch's record right before it touches the image; this refuses whatever was queued, but
 * not what had passed that look. So design rule 2 holds for this store only where at most one
 * gateway can have the directory at a time: a single gateway; a disk that moves between hosts under
 * a cluster manager that powers the old host off; a file system that itself fences clients. With
 * the directory shared by several gateways and none of these, the lease alone protects.
 */
package io.moongate.volume.file;

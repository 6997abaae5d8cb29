package io.moongate.scsi.task;

/**
 * What the publication of path states did.
 *
 * @param before what was known before
 * @param now what is known now; the same object when the states were older
 */
public record OwnershipChange(Ownership before, Ownership now) {}

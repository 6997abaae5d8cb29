/**
 * The blocks behind logical units: the interface of an open volume, and the stores that keep
 * volumes.
 *
 * <p>Nothing here knows SCSI. Each store runs its I/O on threads of its own; the stages that it
 * returns fail with {@link io.moongate.volume.VolumeException} and nothing else.
 */
package io.moongate.volume;

/**
 * The task set of a logical unit, and the rules of ownership. To be read in this order: {@link
 * io.moongate.scsi.task.Ownership} (pure: epochs and transitions), {@code RangeLock} (pure: which
 * commands may run at a time), {@link io.moongate.scsi.task.Execution} (the one way to the volume),
 * {@link io.moongate.scsi.task.TaskSet} (puts them together).
 */
package io.moongate.scsi.task;

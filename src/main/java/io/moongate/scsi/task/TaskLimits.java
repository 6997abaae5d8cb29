package io.moongate.scsi.task;

/**
 * Bounds of one logical unit's task set.
 *
 * @param tasks commands to the medium altogether; beyond it TASK SET FULL
 * @param held of them, those that are held during a transition; beyond it BUSY
 * @param waiting of them, those that wait for an overlapping one; beyond it TASK SET FULL
 * @param memory bytes of data-out and data-in of all of them; beyond it TASK SET FULL, but a single
 *     command is always taken
 */
public record TaskLimits(int tasks, int held, int waiting, long memory) {}

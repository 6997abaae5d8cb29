package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;

/**
 * A registration (SPC-4 section 5.13.7).
 *
 * @param nexus who is registered
 * @param key its reservation key; not 0
 */
public record Registration(Nexus nexus, long key) {}

package io.moongate.management.api;

import java.time.Instant;
import java.util.List;

/**
 * A logical unit as the API shows it.
 *
 * @param id a UUID
 * @param target iSCSI name of the target that maps it; null when none does
 * @param lun its number there; null when no target maps it
 * @param naa NAA identifier, 16 hexadecimal digits
 * @param serial unit serial number
 * @param size bytes
 * @param blockSize bytes of a logical block
 * @param store kind of the volume store
 * @param preferred gateways in order of preference as owners
 * @param owner gateway; null when there is none
 * @param epoch number of the ownership
 * @param phase {@code unowned}, {@code acquiring}, {@code serving} or {@code releasing}
 * @param since when the phase began
 * @param cause why
 * @param evidence the observations that led to it, when it was a failover
 * @param refusedBy gateways that could not open the store since it was last served
 */
public record LogicalUnit(
    String id,
    String target,
    Integer lun,
    String naa,
    String serial,
    long size,
    int blockSize,
    String store,
    List<String> preferred,
    String owner,
    long epoch,
    String phase,
    Instant since,
    String cause,
    List<Evidence> evidence,
    List<String> refusedBy) {

  /**
   * What one gateway saw of another.
   *
   * @param observer gateway that saw it
   * @param subject gateway that it is about
   * @param incarnation the subject's process
   * @param kind what was seen, as {@code process-gone}
   * @param at wall-clock time at the observer
   * @param detail for people
   */
  public record Evidence(
      String observer,
      String subject,
      String incarnation,
      String kind,
      Instant at,
      String detail) {}
}

package io.moongate.scsi.shared;

import io.moongate.scsi.Nexus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Where the medium of a removable unit is (SBC-3 sections 5.15 and 5.25).
 *
 * @param ejected whether it is out: there is no medium then, through any path
 * @param preventing the nexuses that have asked to prevent its removal, in the order in which they
 *     came, each once
 */
public record MediumState(boolean ejected, List<Nexus> preventing) {
  /** In, and nobody prevents its removal. What is not removable is always so. */
  public static final MediumState LOADED = new MediumState(false, List.of());

  /** Nexuses that may prevent the removal at a time. */
  public static final int MOST_PREVENTING = 1024;

  public MediumState {
    preventing = List.copyOf(preventing);
  }

  /** The same, ejected or loaded. */
  public MediumState with(boolean nowEjected) {
    return new MediumState(nowEjected, preventing);
  }

  /** The same, with its removal prevented by the nexus. */
  public MediumState preventedBy(Nexus nexus) {
    if (preventing.contains(nexus)) {
      return this;
    }
    List<Nexus> all = new ArrayList<>(preventing);
    all.add(nexus);
    return new MediumState(ejected, all);
  }

  /** The same, without these nexuses preventing anything. */
  public MediumState allowedBy(Collection<Nexus> nexuses) {
    return preventing.stream().noneMatch(nexuses::contains)
        ? this
        : new MediumState(
            ejected, preventing.stream().filter(each -> !nexuses.contains(each)).toList());
  }
}

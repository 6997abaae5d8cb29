package io.moongate.cluster.access;

import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Changes who may log in to targets. Each is complete when the event is in the journal and
 * confirmed, answers with the target as it is then, changes nothing when all is as asked for, and
 * fails with a {@link io.moongate.cluster.Metadata.Refusal}.
 */
public interface AccessLists {

  /**
   * What is asked for an initiator.
   *
   * @param luns LUN that it is shown, to LUN of the target; empty: every LUN of the target
   */
  record Wanted(
      Optional<ChapCredentials> chap,
      Optional<Map<Integer, Integer>> luns,
      Optional<String> remark) {}

  /** Puts an initiator on the list, or replaces what is said of it there. */
  CompletionStage<TargetEntry> allow(String target, String initiator, Wanted wanted);

  /** Takes an initiator off the list. */
  CompletionStage<TargetEntry> remove(String target, String initiator);

  /** Requires CHAP of initiators without credentials of their own; empty: no more. */
  CompletionStage<TargetEntry> chap(String target, Optional<ChapCredentials> chap);

  /** Gives the target credentials for mutual CHAP; empty: takes them away. */
  CompletionStage<TargetEntry> mutualChap(String target, Optional<ChapCredentials> chap);

  /** Whether the list decides who may log in. */
  CompletionStage<TargetEntry> mode(String target, TargetAccess.Mode mode);
}

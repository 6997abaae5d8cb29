package io.moongate.scsi.alua;

import java.util.concurrent.CompletionStage;

/**
 * What a session asks the local LUN actor: always answered from this gateway's replica of the view,
 * never by a remote call, also while an owner is dead.
 */
public interface AluaQueries {

  /** The path states for REPORT TARGET PORT GROUPS. */
  CompletionStage<PathStates> pathStates();
}

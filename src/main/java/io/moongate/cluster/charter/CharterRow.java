package io.moongate.cluster.charter;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The row that holds the charter. Each stage fails when Cassandra is away, or when it did not say
 * what became of a change: then the row is to be read.
 */
public interface CharterRow {
  /**
   * What the row says.
   *
   * @param charter empty before there is any
   * @param inForce the highest version that was noted to be in force
   */
  record Content(Optional<Charter> charter, long inForce) {}

  /** Reads it serially. */
  CompletionStage<Content> read();

  /**
   * Sets it to a charter if it still holds the version before, or nothing for the first.
   *
   * @param cause for people that read the table
   * @return what it says then
   */
  CompletionStage<Content> propose(Charter charter, String cause);

  /**
   * Notes that a version is in force, if it is still that.
   *
   * @return what it says then
   */
  CompletionStage<Content> confirm(long version);
}

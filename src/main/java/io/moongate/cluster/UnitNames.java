package io.moongate.cluster;

import java.util.concurrent.CompletionStage;

/** Names of logical units that must be unique in the cluster for ever. */
public interface UnitNames {

  /**
   * Whom a name is reserved for.
   *
   * @param unitId id of the unit, which need not exist yet
   * @param volume its volume, as {@code STORE:NAME}
   */
  record Holder(String unitId, String volume) {}

  /** Reserves an NAA identifier of format 3 (locally assigned) for a unit. */
  CompletionStage<Long> naa(String unitId);

  /**
   * Reserves a given NAA identifier of format 3 for a unit.
   *
   * @return id of the unit that it is reserved for now: that one, or another that has it already
   */
  CompletionStage<String> reserveNaa(long naa, String unitId);

  /**
   * Reserves a name that a unit brings along.
   *
   * @param name with its kind before it: {@code naa:}, {@code serial:}
   * @return whom it is reserved for now: that one, or another that has it already
   */
  CompletionStage<Holder> reserve(String name, Holder holder);

  /** Gives it to another unit, if it is still reserved for the first. */
  CompletionStage<Void> passOn(String name, String from, Holder to);
}

package io.moongate.scsi;

import io.moongate.volume.Volume;
import java.util.function.Consumer;

/** Where commands to the medium go in one version of the path states. */
public sealed interface Route {

  /** This gateway owns the unit and has its volume open, fenced at the epoch. */
  record Local(Volume volume) implements Route {}

  /** Another gateway owns the unit: commands are relayed to it. */
  record Remote(Forwarder owner) implements Route {}

  /**
   * Nobody serves the unit now. Commands wait for this one transition, until their deadline, and
   * are answered BUSY then.
   */
  record Transition() implements Route {}

  /** A command's way to the owner. */
  interface Forwarder {
    /**
     * Sends the command, to be executed at the owner under exactly {@code epoch} and before its
     * deadline. {@code reply} is called once, on any thread, and never with a success that did not
     * happen. When the outcome can't be learnt it is called only once it is certain that the owner
     * will not begin to execute the command any more; the status is BUSY then.
     */
    void forward(String unitId, long epoch, Command command, Consumer<Response> reply);
  }
}

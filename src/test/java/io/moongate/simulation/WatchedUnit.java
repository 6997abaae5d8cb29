package io.moongate.simulation;

import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Route;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** The product's device server, with a note of what it was told last. */
final class WatchedUnit implements LogicalUnit {
  /** Not serving, or not known. */
  static final long NONE = -1;

  private final World world;
  private final BlockUnit unit;
  private long epoch = NONE;
  private boolean serving;
  private boolean local;
  private SharedState shared = SharedState.INITIAL;

  WatchedUnit(World world, BlockUnit unit) {
    this.world = world;
    this.unit = unit;
  }

  /** The epoch under which it would touch the store now; {@link #NONE} when it would not. */
  long servedHere() {
    return serving && local ? epoch : NONE;
  }

  /** The epoch that a command is stamped with now; {@link #NONE} when it would be held. */
  long stamp() {
    return serving ? epoch : NONE;
  }

  @Override
  public void publish(PathStates states, Route route) {
    // The device server takes no epoch back: a claim that was not opened is forgotten by the LUN.
    if (states.epoch() >= epoch) {
      epoch = states.epoch();
      serving = states.serving() && !(route instanceof Route.Transition);
      local = route instanceof Route.Local;
    }
    unit.publish(states, route);
  }

  @Override
  public void undrain() {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> drain() {
    if (world.lacks(Mutation.RELEASED_BEFORE_DRAINED)) {
      unit.drain();
      serving = false;
      return CompletableFuture.completedStage(null);
    }
    if (local) {
      serving = false;
    }
    return unit.drain();
  }

  @Override
  public void executeRelayed(long stamp, Command command, Consumer<Response> reply) {
    long under = world.lacks(Mutation.RELAYED_UNDER_ANY_EPOCH) && serving ? epoch : stamp;
    unit.executeRelayed(under, command, reply);
  }

  @Override
  public UnitIdentity identity() {
    return unit.identity();
  }

  @Override
  public void attach(Nexus nexus) {
    unit.attach(nexus);
  }

  @Override
  public CompletionStage<Void> detach(Nexus nexus) {
    return unit.detach(nexus);
  }

  @Override
  public long sharedVersion() {
    return unit.sharedVersion();
  }

  @Override
  public long dataOutLength(Nexus nexus, byte[] cdb) {
    return unit.dataOutLength(nexus, cdb);
  }

  @Override
  public void execute(Command command, Consumer<Response> reply) {
    unit.execute(command, reply);
  }

  @Override
  public void manage(TaskManagement function, Nexus nexus, int tag, Consumer<Boolean> done) {
    unit.manage(function, nexus, tag, done);
  }

  /** The newest shared state that it knows. */
  SharedState shared() {
    return shared;
  }

  @Override
  public void share(SharedState state) {
    if (state.version() > shared.version()) {
      shared = state;
    }
    unit.share(state);
  }

  @Override
  public CompletionStage<Void> take(Notice notice) {
    return unit.take(notice);
  }

  @Override
  public void grow(long announced, long accepted) {
    unit.grow(announced, accepted);
  }

  @Override
  public void lunsReported(Nexus nexus) {
    unit.lunsReported(nexus);
  }
}

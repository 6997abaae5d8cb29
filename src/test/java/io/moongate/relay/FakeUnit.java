package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Route;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A logical unit that does with a relayed command what the test says, by default hold it. */
final class FakeUnit implements LogicalUnit {
  /** A relayed command and who waits for its response. */
  record Execution(long epoch, Command command, Consumer<Response> reply) {}

  /** What is done with a command. */
  interface Behaviour {
    void execute(Execution execution);
  }

  private final BlockingQueue<Execution> held = new LinkedBlockingQueue<>();
  volatile Behaviour behaviour = held::add;

  /** The next command that was held, waiting for it for a while. */
  Execution next() throws InterruptedException {
    Execution execution = held.poll(30, TimeUnit.SECONDS);
    if (execution == null) {
      throw new AssertionError("no command reached the unit");
    }
    return execution;
  }

  int held() {
    return held.size();
  }

  @Override
  public void executeRelayed(long epoch, Command command, Consumer<Response> reply) {
    behaviour.execute(new Execution(epoch, command, reply));
  }

  @Override
  public UnitIdentity identity() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void attach(Nexus nexus) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> detach(Nexus nexus) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long dataOutLength(Nexus nexus, byte[] cdb) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void execute(Command command, Consumer<Response> reply) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void manage(TaskManagement function, Nexus nexus, int tag, Consumer<Boolean> done) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void publish(PathStates states, Route route) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long sharedVersion() {
    return 0;
  }

  @Override
  public void share(SharedState state) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> take(Notice notice) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void grow(long announced, long accepted) {}

  @Override
  public void lunsReported(Nexus nexus) {}

  @Override
  public void undrain() {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> drain() {
    throw new UnsupportedOperationException();
  }
}

package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.transport.Landing;
import io.moongate.transport.Outgoing;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * The sender's end of one connection. Says hello, and once it is welcome sends what is in {@link
 * Outstanding}, each command with its deadline in the owner's clock. Its value completes when the
 * connection is over: true when it had been welcome, with a failure when there is a reason why not.
 */
final class ClientLink
    extends AbstractGraphStageWithMaterializedValue<
        FlowShape<ByteString, Outgoing>, CompletionStage<Boolean>> {

  private final Inlet<ByteString> in = Inlet.create("ClientLink.in");
  private final Outlet<Outgoing> out = Outlet.create("ClientLink.out");
  private final RelaySettings settings;
  private final Outstanding outstanding;
  private final Frame.Hello hello;
  private final Landing landing;
  private final Consumer<RelayStage> created;

  /**
   * One connection.
   *
   * @param landing told where the data of replies is wanted
   * @param created gets the running stage, to be woken when there is something to send
   */
  ClientLink(
      RelaySettings settings,
      Outstanding outstanding,
      Frame.Hello hello,
      Landing landing,
      Consumer<RelayStage> created) {
    this.settings = settings;
    this.outstanding = outstanding;
    this.hello = hello;
    this.landing = landing;
    this.created = created;
  }

  @Override
  public FlowShape<ByteString, Outgoing> shape() {
    return FlowShape.of(in, out);
  }

  @Override
  public Pair<GraphStageLogic, CompletionStage<Boolean>> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    Logic logic = new Logic(shape());
    created.accept(logic);
    return Pair.create(logic, logic.over);
  }

  private final class Logic extends RelayStage {
    private final CompletableFuture<Boolean> over = new CompletableFuture<>();
    private final OwnerClock clock =
        new OwnerClock(settings.clockDrift(), settings.clockMargin().toNanos());

    Logic(FlowShape<ByteString, Outgoing> shape) {
      super(shape, settings, new FrameDecoder(0, outstanding::isSent, landing));
      send(() -> hello);
    }

    @Override
    void received(Frame frame) {
      if (frame instanceof Frame.Reply reply) {
        outstanding.replied(reply.id(), reply.response());
      } else if (frame instanceof Frame.Tick tick) {
        long now = System.nanoTime();
        clock.tick(tick.nanos(), now);
        outstanding.ticked(now);
      } else if (frame instanceof Frame.Welcome welcome && !isEstablished()) {
        outstanding.connected(hello.connection(), welcome.begun());
        establish();
      } else if (frame instanceof Frame.Refusal refused) {
        fail(new RelayProtocolException("the owner refused: " + refused.reason()));
      } else {
        throw new RelayProtocolException(frame.getClass().getSimpleName() + " out of place");
      }
    }

    /** Without a fresh tick the owner may have stopped: don't give it more to do. */
    @Override
    void attend() {
      if (clock.hasTicked() && !isFresh(System.nanoTime())) {
        outstanding.refuseWaiting();
      }
    }

    private boolean isFresh(long now) {
      return clock.isFresh(now, settings.tickBound().toNanos());
    }

    @Override
    boolean sendNext(Outgoing batch) {
      long now = System.nanoTime();
      Relayed next = isFresh(now) ? outstanding.take(hello.connection(), now) : null;
      if (next == null) {
        return false;
      }
      batch.add(FrameEncoder.encode(request(next)));
      return true;
    }

    private Frame.Request request(Relayed relayed) {
      Command command = relayed.command;
      return new Frame.Request(
          relayed.id(),
          relayed.unitId,
          relayed.epoch,
          new Command(
              command.nexus(),
              command.tag(),
              command.attribute(),
              command.cdb(),
              command.dataOut(),
              command.expectedDataIn(),
              clock.translate(command.deadlineNanos())));
    }

    @Override
    public void postStop() {
      outstanding.disconnected(hello.connection());
      if (cause() != null && !isEstablished()) {
        over.completeExceptionally(cause());
      } else {
        over.complete(isEstablished());
      }
    }
  }
}

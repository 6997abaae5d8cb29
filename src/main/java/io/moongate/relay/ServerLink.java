package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.transport.Outgoing;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The owner's end of one connection: hands each request to its logical unit, unless it is past its
 * deadline or the link has a newer connection, and sends the response. Reads no further while the
 * link has as much in flight as it may have.
 */
final class ServerLink extends GraphStage<FlowShape<ByteString, Outgoing>> {
  private static final Logger LOG = LoggerFactory.getLogger(ServerLink.class);

  private final Inlet<ByteString> in = Inlet.create("ServerLink.in");
  private final Outlet<Outgoing> out = Outlet.create("ServerLink.out");
  private final RelaySettings settings;
  private final UUID incarnation;
  private final Peers peers;
  private final RelayServer.Units units;
  private final Consumer<RelayStage> started;
  private final Consumer<RelayStage> stopped;

  ServerLink(
      RelaySettings settings,
      UUID incarnation,
      Peers peers,
      RelayServer.Units units,
      Consumer<RelayStage> started,
      Consumer<RelayStage> stopped) {
    this.settings = settings;
    this.incarnation = incarnation;
    this.peers = peers;
    this.units = units;
    this.started = started;
    this.stopped = stopped;
  }

  @Override
  public FlowShape<ByteString, Outgoing> shape() {
    return FlowShape.of(in, out);
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic(shape());
  }

  /** A reply on its way out, and the room that its request takes until then. */
  private record Answer(Frame.Reply reply, long charge) {}

  private final class Logic extends RelayStage {
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private Peer peer;
    private String sender = "a stranger";

    /** Decoded, but there is no room for it yet. */
    private Frame.Request blocked;

    private volatile boolean gone;

    Logic(FlowShape<ByteString, Outgoing> shape) {
      super(shape, settings, new FrameDecoder(0));
    }

    @Override
    public void preStart() {
      super.preStart();
      started.accept(this);
    }

    @Override
    void received(Frame frame) {
      if (frame instanceof Frame.Request request && isEstablished()) {
        blocked = request;
        attend();
      } else if (frame instanceof Frame.Hello hello && !isEstablished()) {
        greet(hello);
      } else if (!(frame instanceof Frame.Tick && isEstablished())) {
        throw new RelayProtocolException(frame.getClass().getSimpleName() + " out of place");
      }
    }

    private void greet(Frame.Hello hello) {
      sender = hello.sender().gateway();
      if (!hello.expected().equals(incarnation)) {
        LOG.warn("refused a relay connection of {}, which means another process", sender);
        refuse(Frame.Refusal.Reason.INCARNATION);
        return;
      }
      Optional<Peers.Attached> attached;
      try {
        attached = peers.attach(hello, this);
      } catch (RelayProtocolException e) {
        LOG.warn("refused a relay connection of {}: {}", sender, e.getMessage());
        refuse(Frame.Refusal.Reason.TOO_MANY);
        return;
      }
      if (attached.isEmpty()) {
        refuse(Frame.Refusal.Reason.SUPERSEDED);
        return;
      }
      LOG.info(
          "relay connection {} of {} ({})",
          hello.connection(),
          sender,
          hello.sender().incarnation());
      peer = attached.get().peer();
      long begun = attached.get().begun();
      send(() -> new Frame.Welcome(begun));
      establish();
    }

    private void refuse(Frame.Refusal.Reason reason) {
      send(() -> new Frame.Refusal(reason));
      end();
    }

    @Override
    void broken(RelayProtocolException why) {
      LOG.warn("relay connection of {}: {}", sender, why.getMessage());
      if (isEstablished()) {
        super.broken(why);
      } else {
        refuse(Frame.Refusal.Reason.PROTOCOL);
      }
    }

    @Override
    boolean isBlocked() {
      return blocked != null;
    }

    @Override
    void attend() {
      if (blocked != null && peer.tryAcquire(charge(blocked.command()))) {
        Frame.Request request = blocked;
        blocked = null;
        execute(request);
      }
    }

    private long charge(Command command) {
      return command.dataOut().remaining() + Math.min(command.expectedDataIn(), settings.maxData());
    }

    private void execute(Frame.Request request) {
      Execution execution = new Execution(request);
      // The unit looks again, right before the store is touched. This look spares it the work.
      if (System.nanoTime() - request.command().deadlineNanos() >= 0) {
        execution.accept(Response.status(Status.BUSY));
        return;
      }
      Optional<LogicalUnit> unit = find(request.unitId());
      if (unit.isEmpty()) {
        execution.accept(Response.status(Status.BUSY));
      } else if (begin(request, execution)) {
        try {
          unit.get().executeRelayed(request.epoch(), request.command(), execution);
        } catch (RuntimeException e) {
          // Nobody knows what it did: the sender finds out that there is no reply.
          LOG.error("unit {} failed on a relayed command", request.unitId(), e);
          execution.abandon();
        }
      } else {
        // The sender has been told that this will not begin.
        execution.abandon();
        completeStage();
      }
    }

    private Optional<LogicalUnit> find(String unitId) {
      try {
        return units.find(unitId);
      } catch (RuntimeException e) {
        LOG.error("looking for unit {} failed", unitId, e);
        return Optional.empty();
      }
    }

    private boolean begin(Frame.Request request, Execution execution) {
      try {
        return peer.begin(this, request.id());
      } catch (RelayProtocolException e) {
        execution.abandon();
        throw e;
      }
    }

    /**
     * Who waits for a unit's reply. It may come on any thread, and after the connection is over.
     */
    private final class Execution implements Consumer<Response> {
      private final AtomicBoolean over = new AtomicBoolean();
      private final String unitId;
      private final long id;
      private final long charge;

      /** Does not keep the request, and with it its data, until the reply is sent. */
      Execution(Frame.Request request) {
        this.unitId = request.unitId();
        this.id = request.id();
        this.charge = charge(request.command());
      }

      @Override
      public void accept(Response response) {
        if (!over.compareAndSet(false, true)) {
          LOG.error("unit {} replied to a relayed command that was over", unitId);
          return;
        }
        Response sendable =
            response.dataIn().remaining() <= settings.maxData()
                ? response
                : RelayClient.tooLarge(response.dataOutWanted());
        answers.add(new Answer(new Frame.Reply(id, sendable), charge));
        if (gone) {
          forget();
        } else {
          wake();
        }
      }

      void abandon() {
        if (over.compareAndSet(false, true)) {
          peer.release(charge);
        }
      }
    }

    @Override
    boolean sendNext(Outgoing batch) {
      Answer answer = answers.poll();
      if (answer == null) {
        return false;
      }
      peer.release(answer.charge());
      FrameEncoder.encodeTo(answer.reply(), batch);
      return true;
    }

    /** Nobody is there to take the answers; their room is another connection's. */
    private void forget() {
      for (Answer answer = answers.poll(); answer != null; answer = answers.poll()) {
        peer.release(answer.charge());
      }
    }

    @Override
    public void postStop() {
      gone = true;
      if (peer != null) {
        peer.detach(this);
        forget();
      }
      stopped.accept(this);
    }
  }
}

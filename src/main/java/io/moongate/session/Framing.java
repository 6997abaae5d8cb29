package io.moongate.session;

import io.moongate.wire.Pdu;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Cuts received bytes into PDUs (RFC 7143 section 11.2); all that one chunk completes go on
 * together so that their answers can leave together.
 */
final class Framing extends GraphStage<FlowShape<ByteString, Received>> {
  private final Inlet<ByteString> in = Inlet.create("Framing.in");
  private final Outlet<Received> out = Outlet.create("Framing.out");
  private final FlowShape<ByteString, Received> shape = FlowShape.of(in, out);
  private final PduDecoder decoder;

  /**
   * @param decoder of one connection
   */
  Framing(PduDecoder decoder) {
    this.decoder = decoder;
  }

  @Override
  public FlowShape<ByteString, Received> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    Logic() {
      super(shape);
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              decoder.feed(grab(in));
              List<Received.Frame> frames = frames();
              if (frames.isEmpty()) {
                pull(in);
              } else {
                push(out, new Received(frames, System.nanoTime()));
              }
            }

            @Override
            public void onPull() {
              pull(in);
            }
          });
    }

    private List<Received.Frame> frames() {
      List<Received.Frame> frames = new ArrayList<>();
      while (true) {
        try {
          Pdu pdu = decoder.next();
          if (pdu == null) {
            return frames;
          }
          frames.add(new Received.Parsed(pdu));
        } catch (ProtocolException error) {
          frames.add(new Received.Malformed(error));
          if (!error.connectionUsable()) {
            return frames;
          }
        }
      }
    }
  }
}

package io.moongate.session;

import io.moongate.wire.TargetPdu;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * An initiator in the same stream as the connection that it talks to: no socket and no other thread
 * is between them. One command at a time, each when the one before was answered.
 */
final class LoopInitiator extends GraphStage<FlowShape<ByteString, ByteString>> {
  private static final int STATUS = 3;
  private static final int TAG = 16;
  private static final int SN = 24;
  private static final int EXP_STAT_SN = 28;
  private static final int OPCODE = 0x3F;
  private static final long BOUND_SECONDS = 60;

  private final Inlet<ByteString> in = Inlet.create("LoopInitiator.in");
  private final Outlet<ByteString> out = Outlet.create("LoopInitiator.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final CountDownLatch ready = new CountDownLatch(1);
  private volatile AsyncCallback<Run> callback;

  /** Some commands, one after the other. */
  private static final class Run {
    final byte[] request;
    final boolean numbered;
    final CountDownLatch done = new CountDownLatch(1);
    int left;
    ByteString last;
    Throwable failure;

    Run(byte[] request, boolean numbered, int times) {
      this.request = request;
      this.numbered = numbered;
      this.left = times;
    }
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  /** Sends a PDU as it is and gives the answer. */
  ByteString exchange(byte[] request) throws InterruptedException {
    return run(new Run(request, false, 1));
  }

  /**
   * Sends a command so often, with a tag and a number of its own each time.
   *
   * @return the last answer
   * @throws IllegalStateException when one ends otherwise than GOOD
   */
  ByteString command(byte[] request, int times) throws InterruptedException {
    return run(new Run(request, true, times));
  }

  private ByteString run(Run run) throws InterruptedException {
    if (!ready.await(BOUND_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the stream has not begun");
    }
    callback.invoke(run);
    if (!run.done.await(BOUND_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("no answer");
    }
    if (run.failure != null) {
      throw new IllegalStateException(run.failure);
    }
    return run.last;
  }

  private final class Logic extends GraphStageLogic {
    private Run run;
    private boolean owed;
    private int tag = 1;
    private int cmdSn = 1;
    private int expStatSn;

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              received(grab(in));
              pull(in);
            }

            @Override
            public void onUpstreamFailure(Throwable failure) {
              fail(failure);
              failStage(failure);
            }

            @Override
            public void onUpstreamFinish() {
              fail(new IllegalStateException("the connection has ended"));
              completeStage();
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              if (owed) {
                send();
              }
            }
          });
    }

    @Override
    public void preStart() {
      callback = createAsyncCallback(this::begin);
      pull(in);
      ready.countDown();
    }

    private void begin(Run next) {
      run = next;
      send();
    }

    private void send() {
      owed = !isAvailable(out);
      if (owed) {
        return;
      }
      byte[] bytes = run.request.clone();
      ByteBuffer header = ByteBuffer.wrap(bytes);
      if (run.numbered) {
        header.putInt(TAG, tag++).putInt(SN, cmdSn++);
      }
      header.putInt(EXP_STAT_SN, expStatSn);
      push(out, ByteString.fromArrayUnsafe(bytes));
    }

    private void received(ByteString answer) {
      int opcode = answer.apply(0) & OPCODE;
      if (run == null || opcode == TargetPdu.NopIn.OPCODE) {
        return;
      }
      expStatSn = number(answer, SN) + 1;
      if (opcode != TargetPdu.LoginResponse.OPCODE && answer.apply(STATUS) != 0) {
        fail(
            new IllegalStateException(
                "status %02x, opcode %02x".formatted(answer.apply(STATUS), opcode)));
        return;
      }
      run.left--;
      if (run.left > 0) {
        send();
      } else {
        Run ended = run;
        run = null;
        ended.last = answer;
        ended.done.countDown();
      }
    }

    private int number(ByteString bytes, int at) {
      return (bytes.apply(at) & 0xFF) << 24
          | (bytes.apply(at + 1) & 0xFF) << 16
          | (bytes.apply(at + 2) & 0xFF) << 8
          | bytes.apply(at + 3) & 0xFF;
    }

    private void fail(Throwable failure) {
      if (run != null) {
        run.failure = failure;
        run.done.countDown();
        run = null;
      }
    }
  }
}

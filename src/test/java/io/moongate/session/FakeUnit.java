package io.moongate.session;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Naa;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Route;
import io.moongate.scsi.Status;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.volume.LentBuffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A disk in memory that does what a test tells it to: answer at once, on other threads, or when it
 * is released.
 */
final class FakeUnit implements LogicalUnit {
  static final int BLOCK = 512;

  /** Commands that are remembered, with their data. */
  private static final int REMEMBERED = 100;

  /** A command that is held, and how to answer it. */
  record Held(Command command, Consumer<Response> reply) {}

  private final byte[] blocks;
  private final Executor executor;
  private final List<Nexus> attached = new ArrayList<>();

  /** What the end of a nexus waits for. */
  CompletionStage<Void> releasing = CompletableFuture.completedStage(null);

  private final List<Held> held = new ArrayList<>();
  private final List<Command> executed = new ArrayList<>();
  private final List<String> noticed = new ArrayList<>();
  private final List<String> managed = new ArrayList<>();
  private final AtomicInteger lent = new AtomicInteger();
  private boolean failingFunctions;
  private final List<Consumer<Boolean>> functions = new ArrayList<>();
  private boolean holding;
  private boolean holdingFunctions;

  FakeUnit(int size) {
    this(size, Runnable::run);
  }

  /** A unit whose answers come from the executor. */
  FakeUnit(int size, Executor executor) {
    this.blocks = new byte[size];
    this.executor = executor;
  }

  /** From now on commands wait for {@link #release}. */
  synchronized void hold() {
    holding = true;
  }

  /** From now on task management functions wait for {@link #releaseFunctions}. */
  synchronized void holdFunctions() {
    holdingFunctions = true;
  }

  /** Answers what was held, in order. */
  void release() {
    List<Held> released;
    synchronized (this) {
      holding = false;
      released = List.copyOf(held);
      held.clear();
    }
    released.forEach(this::answer);
  }

  void releaseFunctions() {
    List<Consumer<Boolean>> released;
    synchronized (this) {
      holdingFunctions = false;
      released = List.copyOf(functions);
      functions.clear();
    }
    released.forEach(done -> done.accept(true));
  }

  synchronized List<Held> held() {
    return List.copyOf(held);
  }

  synchronized List<Command> executed() {
    return List.copyOf(executed);
  }

  synchronized List<Nexus> attached() {
    return List.copyOf(attached);
  }

  /** From now on functions are said not to be done. */
  synchronized void failFunctions() {
    failingFunctions = true;
  }

  /** What {@link #manage} was asked. */
  synchronized List<String> managed() {
    return List.copyOf(managed);
  }

  byte[] blocks() {
    return blocks;
  }

  @Override
  public UnitIdentity identity() {
    return new UnitIdentity("fake", Naa.of(0x3000000000000001L), "fake", "FAKE");
  }

  @Override
  public synchronized void attach(Nexus nexus) {
    attached.add(nexus);
  }

  @Override
  public synchronized CompletionStage<Void> detach(Nexus nexus) {
    attached.remove(nexus);
    held.removeIf(waiting -> waiting.command().nexus().equals(nexus));
    return releasing;
  }

  @Override
  public long dataOutLength(Nexus nexus, byte[] cdb) {
    return switch (cdb[0] & 0xFF) {
      case 0x2A -> (ByteBuffer.wrap(cdb).getShort(7) & 0xFFFFL) * BLOCK;
      case 0x8A -> (ByteBuffer.wrap(cdb).getInt(10) & 0xFFFFFFFFL) * BLOCK;
      default -> 0;
    };
  }

  @Override
  public void execute(Command command, Consumer<Response> reply) {
    synchronized (this) {
      executed.add(command);
      if (executed.size() > REMEMBERED) {
        executed.remove(0);
      }
      if (holding) {
        held.add(new Held(command, reply));
        return;
      }
    }
    executor.execute(() -> answer(new Held(command, reply)));
  }

  private void answer(Held waiting) {
    waiting.reply().accept(respond(waiting.command()));
  }

  @Override
  public void executeRelayed(long epoch, Command command, Consumer<Response> reply) {
    reply.accept(Response.status(Status.BUSY));
  }

  @Override
  public void manage(TaskManagement function, Nexus nexus, int tag, Consumer<Boolean> done) {
    boolean found;
    synchronized (this) {
      managed.add(function + " " + tag);
      found =
          switch (function) {
            case ABORT_TASK -> held.removeIf(h -> h.command().tag() == tag);
            case QUERY_TASK -> held.stream().anyMatch(h -> h.command().tag() == tag);
            default -> {
              held.removeIf(h -> h.command().nexus().equals(nexus));
              yield true;
            }
          };
      found &= !failingFunctions;
      if (holdingFunctions) {
        functions.add(done);
        return;
      }
    }
    done.accept(found);
  }

  @Override
  public void publish(PathStates states, Route route) {}

  @Override
  public long sharedVersion() {
    return 0;
  }

  @Override
  public void share(SharedState state) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized CompletionStage<Void> take(Notice notice) {
    noticed.add(notice.attention() + " " + notice.nexuses().size());
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void grow(long announced, long accepted) {}

  @Override
  public synchronized void lunsReported(Nexus nexus) {
    noticed.add("reported");
  }

  /** What it was told of changes of the LUNs. */
  synchronized List<String> noticed() {
    return List.copyOf(noticed);
  }

  @Override
  public void undrain() {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> drain() {
    return CompletableFuture.completedFuture(null);
  }

  private Response respond(Command command) {
    ByteBuffer cdb = ByteBuffer.wrap(command.cdb());
    return switch (command.operationCode()) {
      case 0x00, 0x35, 0x91 -> Response.good(0);
      case 0x12 -> inquiry(command);
      case 0x1A -> Response.data(limited(new byte[] {3, 0, 0, 0}, cdb.get(4) & 0xFF));
      case 0x25 ->
          Response.data(
              ByteBuffer.allocate(8).putInt(blocks.length / BLOCK - 1).putInt(BLOCK).flip());
      case 0x9E ->
          Response.data(
              limited(
                  ByteBuffer.allocate(32).putLong(blocks.length / BLOCK - 1).putInt(BLOCK).array(),
                  cdb.getInt(10)));
      case 0xA0 -> Response.data(ByteBuffer.allocate(16).putInt(8).rewind());
      case 0x28 -> read(cdb.getInt(2) & 0xFFFFFFFFL, cdb.getShort(7) & 0xFFFF);
      case 0x88 -> read(cdb.getLong(2), cdb.getInt(10));
      case 0x2A -> write(cdb.getInt(2) & 0xFFFFFFFFL, cdb.getShort(7) & 0xFFFF, command.dataOut());
      case 0x8A -> write(cdb.getLong(2), cdb.getInt(10), command.dataOut());
      default -> Response.checkCondition(Sense.INVALID_OPERATION_CODE.encode(false));
    };
  }

  private static Response inquiry(Command command) {
    int page = command.cdb()[2] & 0xFF;
    int allocated = ByteBuffer.wrap(command.cdb()).getShort(3) & 0xFFFF;
    if ((command.cdb()[1] & 1) != 0) {
      byte[] limits = new byte[64];
      limits[1] = (byte) page;
      limits[3] = 60;
      return switch (page) {
        case 0x00 -> Response.data(limited(new byte[] {0, 0, 0, 2, 0, (byte) 0xB0}, allocated));
        case 0xB0 -> Response.data(limited(limits, allocated));
        default -> Response.checkCondition(Sense.invalidCdb(2).encode(false));
      };
    }
    ByteBuffer data = ByteBuffer.allocate(36);
    data.put(2, (byte) 6).put(3, (byte) 2).put(4, (byte) 31).put(7, (byte) 2);
    data.position(8);
    data.put("MOONGATEFAKE            0001".getBytes(StandardCharsets.US_ASCII));
    return Response.data(limited(data.array(), allocated));
  }

  private Response read(long block, int count) {
    if ((block + count) * BLOCK > blocks.length) {
      return Response.checkCondition(Sense.LBA_OUT_OF_RANGE.encode(false));
    }
    int length = count * BLOCK;
    LentBuffer data = LentBuffer.of(length);
    synchronized (blocks) {
      // A copy: a write that comes while the answer is sent must not tear it.
      data.bytes().duplicate().put(blocks, (int) block * BLOCK, length);
    }
    Response response = Response.data(data);
    lent.incrementAndGet();
    return new Response(
        response.status(),
        response.sense(),
        response.dataIn(),
        0,
        () -> {
          response.used().run();
          lent.decrementAndGet();
        });
  }

  /** Reads whose memory was not given back. */
  int lent() {
    return lent.get();
  }

  private Response write(long block, int count, ByteBuffer data) {
    if ((block + count) * BLOCK > blocks.length) {
      return Response.checkCondition(Sense.LBA_OUT_OF_RANGE.encode(false));
    }
    int length = Math.min(data.remaining(), count * BLOCK);
    synchronized (blocks) {
      data.get(blocks, (int) block * BLOCK, length);
    }
    return Response.good((long) count * BLOCK);
  }

  private static ByteBuffer limited(byte[] data, int length) {
    return ByteBuffer.wrap(data, 0, Math.min(data.length, length));
  }
}

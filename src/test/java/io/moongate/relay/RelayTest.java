package io.moongate.relay;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.transport.Connector;
import io.moongate.transport.TransportSettings;
import io.moongate.volume.LentBuffer;
import io.moongate.volume.LentMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RelayTest {
  private static final long HOUR = 3_600_000_000_000L;
  private static final UUID OWNER = UUID.randomUUID();
  private static final UUID SENDER = UUID.randomUUID();
  private static ActorTestKit testKit;

  /** As many as there are event loops, of which a test needs two, and 4 at most. */
  private static int links;

  private final FakeUnit unit = new FakeUnit();
  private final FakeUnit other = new FakeUnit();
  private final List<RelayClient> clients = new ArrayList<>();
  private final List<RelayServer> servers = new ArrayList<>();

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create();
    int loops = Math.max(2, Runtime.getRuntime().availableProcessors());
    TransportSettings settings = new TransportSettings(loops, Duration.ofSeconds(3));
    links = Math.min(4, new Connector(testKit.system(), settings).loops());
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
  }

  @AfterEach
  void close() {
    clients.forEach(RelayClient::peerDead);
    servers.forEach(server -> get(server.close()));
  }

  private RelayServer server(String changes) {
    Map<String, FakeUnit> units = Map.of("unit", unit, "other", other);
    RelayServer server =
        get(
            RelayServer.bind(
                testKit.system(),
                TestSettings.with(changes),
                OWNER,
                id -> Optional.ofNullable(units.get(id))));
    servers.add(server);
    return server;
  }

  private RelayClient client(int port, String changes) {
    RelayClient client =
        RelayClient.connect(
            testKit.system(),
            TestSettings.with(changes),
            new Sender("sender", SENDER, 1),
            "127.0.0.1",
            port,
            OWNER);
    clients.add(client);
    return client;
  }

  @Test
  void servesOverIpv6() throws Exception {
    int port = server("host = \"::1\"").address().getPort();
    RelayClient client =
        RelayClient.connect(
            testKit.system(),
            TestSettings.with(""),
            new Sender("sender", SENDER, 1),
            "::1",
            port,
            OWNER);
    clients.add(client);
    CompletableFuture<Response> replied = forward(client, "unit", command(1, new byte[0], 0, HOUR));
    unit.next().reply().accept(Response.good(0));
    assertEquals(Status.GOOD, get(replied).status());
  }

  private RelayClient connected() {
    return client(server("").address().getPort(), "");
  }

  private static Command command(int tag, byte[] out, long in, long forNanos) {
    return command(77, tag, out, in, forNanos);
  }

  private static Command command(long isid, int tag, byte[] out, long in, long forNanos) {
    return new Command(
        new Nexus("iqn.1994-05.com.example:host", isid, "iqn.target", 3),
        tag,
        TaskAttribute.SIMPLE,
        new byte[] {(byte) 0x8A, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        ByteBuffer.wrap(out),
        in,
        System.nanoTime() + forNanos);
  }

  private static CompletableFuture<Response> forward(
      RelayClient client, String unitId, Command command) {
    CompletableFuture<Response> replied = new CompletableFuture<>();
    client.forward(unitId, 9, command, once(replied));
    return replied;
  }

  private static java.util.function.Consumer<Response> once(CompletableFuture<Response> replied) {
    return response -> {
      if (!replied.complete(response)) {
        throw new AssertionError("replied twice");
      }
    };
  }

  private static CompletableFuture<Response> forward(RelayClient client, long forNanos) {
    return forward(client, "unit", command(1, new byte[0], 0, forNanos));
  }

  private static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(60, SECONDS).join();
  }

  private static void async(Runnable task) {
    ForkJoinPool.commonPool().execute(task);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void aCommandAndItsResponseArriveWhole() throws Exception {
    RelayClient client = connected();
    Command sent = command(0xCAFE, random(4096), 512, HOUR);
    CompletableFuture<Response> replied = forward(client, "unit", sent);
    FakeUnit.Execution got = unit.next();
    assertEquals(9, got.epoch());
    assertEquals(sent.nexus(), got.command().nexus());
    assertEquals(sent.tag(), got.command().tag());
    assertArrayEquals(sent.cdb(), got.command().cdb());
    assertArrayEquals(random(4096), bytes(got.command().dataOut()));
    assertEquals(512, got.command().expectedDataIn());
    // One process, one clock: the deadline at the owner must be the earlier one.
    assertTrue(got.command().deadlineNanos() - sent.deadlineNanos() < 0);
    assertFalse(replied.isDone());
    byte[] sense = random(18);
    got.reply()
        .accept(new Response(Status.CHECK_CONDITION, sense, ByteBuffer.wrap(random(512)), 4096));
    Response response = get(replied);
    assertEquals(Status.CHECK_CONDITION, response.status());
    assertArrayEquals(sense, response.sense());
    assertArrayEquals(random(512), bytes(response.dataIn()));
    assertEquals(4096, response.dataOutWanted());
  }

  @Test
  void manyCommandsAtATimeEachGetTheirOwnResponse() {
    Map<Integer, byte[]> blocks = new ConcurrentHashMap<>();
    unit.behaviour =
        execution -> {
          Command c = execution.command();
          async(
              () -> {
                if (c.dataOut().hasRemaining()) {
                  blocks.put(c.tag(), bytes(c.dataOut()));
                  execution.reply().accept(Response.good(c.dataOut().remaining()));
                } else {
                  execution.reply().accept(Response.data(ByteBuffer.wrap(blocks.get(c.tag()))));
                }
              });
        };
    RelayClient client = connected();
    List<CompletableFuture<Response>> writes = new ArrayList<>();
    for (int tag = 0; tag < 200; tag++) {
      writes.add(forward(client, "unit", command(tag, random(1 + tag * 97), 0, HOUR)));
    }
    writes.forEach(write -> assertEquals(Status.GOOD, get(write).status()));
    List<CompletableFuture<Response>> reads = new ArrayList<>();
    for (int tag = 0; tag < 200; tag++) {
      reads.add(forward(client, "unit", command(tag, new byte[0], 1 + tag * 97, HOUR)));
    }
    for (int tag = 0; tag < 200; tag++) {
      assertArrayEquals(random(1 + tag * 97), bytes(get(reads.get(tag)).dataIn()));
    }
    assertEquals(0, client.inFlight());
  }

  /** Long data is in memory that the next reply has again: none may see what is another's. */
  @Test
  void longDataInLentMemoryIsOfOneReplyAlone() throws InterruptedException {
    LentMemory.await(4 * LentBuffer.SHORTEST);
    unit.behaviour =
        e ->
            async(
                () -> {
                  int length = (int) e.command().expectedDataIn();
                  ByteBuffer data = ByteBuffer.allocateDirect(length);
                  e.reply().accept(Response.data(data.put(random(length)).flip()));
                });
    RelayClient client = connected();
    AtomicInteger lent = new AtomicInteger();
    for (int round = 0; round < 20; round++) {
      List<CompletableFuture<Void>> read = new ArrayList<>();
      for (int each = 0; each < 16; each++) {
        int length = 1 + each * 9001 + round;
        read.add(
            forward(client, "unit", command(each, new byte[0], length, HOUR))
                .thenAcceptAsync(
                    response -> {
                      assertArrayEquals(random(length), bytes(response.dataIn()));
                      lent.addAndGet(response.dataIn().isDirect() ? 1 : 0);
                      response.used().run();
                    }));
      }
      read.forEach(RelayTest::get);
    }
    // What has come as a whole with something else is left where it is.
    assertTrue(lent.get() > 0, "none was received off the heap");
  }

  /** Nothing of what was begun when a connection broke is in what comes after it. */
  @Test
  void connectionsThatBreakInTheMiddleOfLongDataSpoilNothing() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("RelayTest seed " + seed);
    Random random = new Random(seed);
    unit.behaviour =
        e ->
            async(
                () ->
                    e.reply()
                        .accept(
                            Response.data(
                                ByteBuffer.wrap(random((int) e.command().expectedDataIn())))));
    TcpProxy proxy = new TcpProxy(server("").address());
    RelayClient client = client(proxy.port(), "");
    int whole = 0;
    for (int round = 0; round < 20; round++) {
      List<CompletableFuture<Boolean>> read = new ArrayList<>();
      for (int each = 0; each < 6; each++) {
        int length = LentBuffer.SHORTEST + random.nextInt(LentBuffer.LONGEST);
        read.add(
            forward(client, "unit", command(each, new byte[0], length, 200_000_000))
                .thenApplyAsync(
                    response -> {
                      if (response.status() == Status.BUSY) {
                        return false;
                      }
                      assertArrayEquals(random(length), bytes(response.dataIn()));
                      response.used().run();
                      return true;
                    }));
      }
      Thread.sleep(random.nextInt(8));
      proxy.cutAll();
      for (CompletableFuture<Boolean> each : read) {
        whole += get(each) ? 1 : 0;
      }
    }
    System.out.println(whole + " of 120 came whole");
    int length = LentBuffer.LONGEST;
    Response last;
    do {
      last = get(forward(client, "unit", command(1, new byte[0], length, 200_000_000)));
    } while (last.status() == Status.BUSY);
    assertArrayEquals(random(length), bytes(last.dataIn()));
    proxy.close();
  }

  @Test
  void theLargestDataPassesAndALargerIsRefused() {
    unit.behaviour = e -> e.reply().accept(Response.data(e.command().dataOut()));
    RelayClient client = connected();
    int max = TestSettings.with("").maxData();
    assertArrayEquals(
        random(max),
        bytes(get(forward(client, "unit", command(1, random(max), max, HOUR))).dataIn()));
    unit.behaviour = e -> e.reply().accept(Response.data(ByteBuffer.allocate(max + 1)));
    assertEquals(Status.CHECK_CONDITION, get(forward(client, HOUR)).status());
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    Response refused = get(forward(client, "unit", command(1, new byte[max + 1], 0, HOUR)));
    assertEquals(Status.CHECK_CONDITION, refused.status());
    assertEquals(0x24, refused.sense()[12]);
  }

  /** A command that an event loop forwards: on which threads, and what came of it. */
  private record Asked(
      CompletableFuture<Thread> asked,
      CompletableFuture<Thread> replied,
      CompletableFuture<Response> response) {}

  private static Asked forwardFrom(int loop, RelayClient client, long isid, long forNanos) {
    Asked asked =
        new Asked(new CompletableFuture<>(), new CompletableFuture<>(), new CompletableFuture<>());
    Command command = command(isid, loop, new byte[0], 0, forNanos);
    testKit
        .system()
        .dispatchers()
        .lookup(DispatcherSelector.fromConfig("moongate.transport.loop-" + loop))
        .execute(
            () -> {
              client.forward(
                  "unit",
                  9,
                  command,
                  response -> {
                    asked.replied().complete(Thread.currentThread());
                    once(asked.response()).accept(response);
                  });
              asked.asked().complete(Thread.currentThread());
            });
    return asked;
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - end < 0, what);
      Thread.sleep(5);
    }
  }

  /** Each connects when something comes from its event loop. */
  private void connectAll(RelayClient client, int all) throws InterruptedException {
    FakeUnit.Behaviour before = unit.behaviour;
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    await(
        "all are connected",
        () -> {
          for (int loop = 0; loop < links; loop++) {
            get(forwardFrom(loop, client, loop, HOUR).response());
          }
          return client.connections() == all;
        });
    unit.behaviour = before;
  }

  @Test
  void whatComesFromAnEventLoopGoesByItsConnectionAndComesBackThere() throws Exception {
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    RelayClient client = client(server("").address().getPort(), "connections = 4");
    connectAll(client, links);
    for (int round = 0; round < 20; round++) {
      for (int loop = 0; loop < links; loop++) {
        Asked asked = forwardFrom(loop, client, 1, HOUR);
        assertEquals(Status.GOOD, get(asked.response()).status());
        assertEquals(get(asked.asked()), get(asked.replied()));
      }
    }
    await("nobody has anything under way", () -> client.nexuses() == 0);
  }

  @Test
  void onlyWhatIsUsedConnects() throws Exception {
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    RelayClient client = client(server("").address().getPort(), "connections = 4");
    await("one is connected", client::isConnected);
    Thread.sleep(100);
    assertEquals(1, client.connections());
  }

  /** Or an ORDERED one could overtake what it is to wait for. */
  @Test
  void whatANexusHasUnderWayAtATimeGoesByOneConnection() throws Exception {
    RelayClient client = client(server("").address().getPort(), "connections = 4");
    connectAll(client, links);
    for (int round = 0; round < 5; round++) {
      Asked first = forwardFrom(1, client, 1, HOUR);
      get(first.asked());
      for (int i = 0; i < 20; i++) {
        get(forwardFrom(i % links, client, 1, HOUR).asked());
      }
      List<FakeUnit.Execution> executions = new ArrayList<>();
      for (int i = 0; i < 21; i++) {
        executions.add(unit.next());
        assertEquals(i == 0 ? 1 : (i - 1) % links, executions.get(i).command().tag());
      }
      Asked last = forwardFrom(0, client, 1, HOUR);
      executions.add(unit.next());
      executions.forEach(execution -> execution.reply().accept(Response.good(0)));
      Thread loop = get(first.asked());
      assertEquals(loop, get(first.replied()));
      assertEquals(loop, get(last.replied()), "not by its own, as others were under way");
      await("nothing is under way", () -> client.inFlight() == 0 && client.nexuses() == 0);
    }
  }

  @Test
  void whileOneConnectionIsGoneAnotherServes() throws Exception {
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    TcpProxy proxy = new TcpProxy(server("").address());
    RelayClient client = client(proxy.port(), "connections = 2");
    TcpProxy.Pair first = proxy.next();
    connectAll(client, 2);
    TcpProxy.Pair second = proxy.next();
    proxy.refuse();
    first.cutClient();
    await("one is gone", () -> client.connections() == 1);
    for (int i = 0; i < 20; i++) {
      Asked asked = forwardFrom(i % links, client, i, HOUR);
      assertEquals(Status.GOOD, get(asked.response()).status());
    }
    second.cutClient();
    await("both are gone", () -> !client.isConnected());
    assertEquals(Status.BUSY, get(forward(client, 300_000_000)).status());
    assertEquals(0, client.inFlight());
    proxy.close();
  }

  /** By another connection now, its next command could overtake what is in doubt. */
  @Test
  void aNexusWhoseConnectionIsGoneIsBusyUntilWhatItHadUnderWayIsSettled() throws Exception {
    TcpProxy proxy = new TcpProxy(server("").address());
    RelayClient client = client(proxy.port(), "connections = 2, connect-wait = 200 ms");
    TcpProxy.Pair first = proxy.next();
    connectAll(client, 2);
    proxy.refuse();
    // Of every event loop one, so that each connection has some under way.
    List<Asked> begun = new ArrayList<>();
    List<FakeUnit.Execution> executions = new ArrayList<>();
    for (int loop = 0; loop < links; loop++) {
      begun.add(forwardFrom(loop, client, loop, 3_000_000_000L));
      executions.add(unit.next());
    }
    first.cutClient();
    await("one is gone", () -> client.connections() == 1);
    Thread.sleep(300); // Longer than a command waits for a connection.
    int refused = 0;
    for (int loop = 0; loop < links; loop++) {
      Asked next = forwardFrom(loop, client, loop, HOUR);
      get(next.asked());
      if (next.response().isDone()) {
        assertEquals(Status.BUSY, get(next.response()).status());
        refused++;
      } else {
        executions.add(unit.next());
      }
    }
    assertTrue(refused > 0 && refused < links, refused + " of " + links + " were busy at once");
    assertEquals(0, unit.held());
    executions.forEach(execution -> execution.reply().accept(Response.good(0)));
    int inDoubt = 0;
    for (Asked each : begun) {
      inDoubt += get(each.response()).status() == Status.BUSY ? 1 : 0;
    }
    assertEquals(refused, inDoubt);
    // Now that it is settled all go by the one that is left.
    await("nothing is under way", () -> client.nexuses() == 0);
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    for (int loop = 0; loop < links; loop++) {
      Asked next = forwardFrom(loop, client, loop, HOUR);
      assertEquals(Status.GOOD, get(next.response()).status());
    }
    proxy.close();
  }

  @Test
  void allConnectionsOfAPeerShareItsRoomAndItsEnd() throws Exception {
    int port = server("").address().getPort();
    RelayClient client =
        client(port, "connections = 4, max-in-flight = 5, max-in-flight-per-unit = 5");
    connectAll(client, links);
    List<Asked> held = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      held.add(forwardFrom(i % links, client, i, HOUR));
      unit.next();
    }
    assertEquals(5, client.inFlight());
    for (int loop = 0; loop < links; loop++) {
      Asked refused = forwardFrom(loop, client, 100 + loop, HOUR);
      assertEquals(Status.BUSY, get(refused.response()).status());
    }
    client.peerDead();
    for (Asked each : held) {
      assertEquals(Status.BUSY, get(each.response()).status());
    }
    assertEquals(0, client.inFlight());
    assertEquals(0, client.nexuses());
    assertEquals(Status.BUSY, get(forward(client, HOUR)).status());
  }

  @Test
  void theOwnerTakesAsMuchOfAPeerByAllItsConnectionsAsByOne() throws Exception {
    int port = server("max-in-flight = 3, max-in-flight-per-unit = 3").address().getPort();
    RelayClient client = client(port, "connections = 2");
    connectAll(client, 2);
    for (int i = 0; i < 8; i++) {
      get(forwardFrom(i % links, client, i, HOUR).asked());
    }
    List<FakeUnit.Execution> executions = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      executions.add(unit.next());
    }
    Thread.sleep(300);
    assertEquals(0, unit.held());
    for (int i = 0; i < 8; i++) {
      executions.get(i).reply().accept(Response.good(0));
      if (executions.size() < 8) {
        executions.add(unit.next());
      }
    }
    await("all are answered", () -> client.inFlight() == 0);
  }

  @Test
  void aUnitThatIsNotThereIsBusyAndSoIsOneThatSaysSo() {
    unit.behaviour = e -> e.reply().accept(Response.status(Status.BUSY));
    RelayClient client = connected();
    assertEquals(
        Status.BUSY, get(forward(client, "none", command(1, new byte[0], 0, HOUR))).status());
    assertEquals(Status.BUSY, get(forward(client, HOUR)).status());
    unit.behaviour = e -> e.reply().accept(Response.status(Status.RESERVATION_CONFLICT));
    assertEquals(Status.RESERVATION_CONFLICT, get(forward(client, HOUR)).status());
  }

  @Test
  void aUnitThatHoldsACommandHoldsNoOther() throws Exception {
    other.behaviour = e -> e.reply().accept(Response.good(0));
    RelayClient client = connected();
    CompletableFuture<Response> held = forward(client, HOUR);
    FakeUnit.Execution execution = unit.next();
    for (int i = 0; i < 10; i++) {
      get(forward(client, "other", command(1, new byte[0], 0, HOUR)));
    }
    assertFalse(held.isDone());
    execution.reply().accept(Response.good(0));
    assertEquals(Status.GOOD, get(held).status());
  }

  @Test
  void aReplyAfterTheDeadlineIsPassedOnWhileTheConnectionIsUp() throws Exception {
    RelayClient client = connected();
    Command command = command(1, new byte[0], 0, 300_000_000);
    CompletableFuture<Response> held = forward(client, "unit", command);
    FakeUnit.Execution execution = unit.next();
    other.behaviour = e -> e.reply().accept(Response.good(0));
    while (System.nanoTime() - command.deadlineNanos() < 100_000_000) {
      get(forward(client, "other", command(1, new byte[0], 0, HOUR)));
    }
    assertFalse(held.isDone());
    execution.reply().accept(Response.good(0));
    assertEquals(Status.GOOD, get(held).status());
  }

  @Test
  void beyondTheBoundACommandIsBusyAtOnce() throws Exception {
    RelayClient client =
        client(server("").address().getPort(), "max-in-flight = 3, max-in-flight-per-unit = 3");
    List<CompletableFuture<Response>> held = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      held.add(forward(client, HOUR));
    }
    CompletableFuture<Response> refused = forward(client, HOUR);
    assertTrue(refused.isDone());
    assertEquals(Status.BUSY, refused.join().status());
    unit.next().reply().accept(Response.good(0));
    get(CompletableFuture.anyOf(held.toArray(CompletableFuture[]::new)));
    CompletableFuture<Response> again = forward(client, HOUR);
    for (int i = 0; i < 3; i++) {
      unit.next().reply().accept(Response.good(0));
    }
    assertEquals(Status.GOOD, get(again).status());
  }

  @Test
  void aBrokenConnectionAnswersWhatHasBegunOnlyAfterItsDeadline() throws Exception {
    TcpProxy proxy = new TcpProxy(server("").address());
    RelayClient client = client(proxy.port(), "");
    Command command = command(1, new byte[0], 0, 1_000_000_000L);
    CompletableFuture<Long> repliedAt = new CompletableFuture<>();
    CompletableFuture<Response> replied = new CompletableFuture<>();
    client.forward(
        "unit",
        9,
        command,
        response -> {
          repliedAt.complete(System.nanoTime());
          once(replied).accept(response);
        });
    FakeUnit.Execution execution = unit.next();
    proxy.cutAll();
    assertEquals(Status.BUSY, get(replied).status());
    assertTrue(get(repliedAt) - command.deadlineNanos() > 0, "answered before its deadline");
    // The owner may finish it all the same; nobody is told a second time.
    execution.reply().accept(Response.good(0));
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    assertEquals(Status.GOOD, get(forward(client, HOUR)).status());
    proxy.close();
  }

  @Test
  void whatWasOnItsWayWhenTheConnectionBrokeNeverBeginsOnceItIsAnswered() throws Exception {
    TcpProxy proxy = new TcpProxy(server("").address());
    RelayClient client = client(proxy.port(), "");
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    assertEquals(Status.GOOD, get(forward(client, HOUR)).status());
    TcpProxy.Pair first = proxy.next();
    AtomicInteger begun = new AtomicInteger();
    unit.behaviour =
        e -> {
          begun.incrementAndGet();
          e.reply().accept(Response.good(0));
        };
    first.hold();
    CompletableFuture<Response> lost = forward(client, "unit", command(1, random(8192), 0, HOUR));
    first.awaitHeld(8192);
    first.cutClient();
    // Long before its deadline: the owner has confirmed over the next connection that it is
    // dropped.
    assertEquals(Status.BUSY, get(lost).status());
    proxy.next();
    first.release();
    first.awaitServerEnded();
    assertEquals(0, begun.get());
    assertEquals(Status.GOOD, get(forward(client, HOUR)).status());
    assertEquals(1, begun.get());
    proxy.close();
  }

  @Test
  void anotherIncarnationIsNotTalkedTo() throws Exception {
    RelayServer server = server("");
    RelayClient client =
        RelayClient.connect(
            testKit.system(),
            TestSettings.with("connect-wait = 200ms"),
            new Sender("sender", SENDER, 1),
            "127.0.0.1",
            server.address().getPort(),
            UUID.randomUUID());
    clients.add(client);
    assertEquals(Status.BUSY, get(forward(client, HOUR)).status());
    assertEquals(0, unit.held());
    try (RawPeer raw = raw(server)) {
      raw.send(hello(1, UUID.randomUUID()));
      assertEquals(Frame.Refusal.Reason.INCARNATION, raw.receive(Frame.Refusal.class).reason());
      assertNull(raw.receive());
    }
  }

  private static RawPeer raw(RelayServer server) throws IOException {
    return new RawPeer(new Socket(server.address().getAddress(), server.address().getPort()));
  }

  private static final UUID LINK = UUID.randomUUID();

  private static Frame.Hello hello(long connection, UUID expected) {
    return hello(new Sender("raw", SENDER, 1), LINK, connection, expected);
  }

  private static Frame.Hello hello(Sender sender, UUID link, long connection, UUID expected) {
    return new Frame.Hello(sender, link, connection, expected);
  }

  private static Frame.Request request(long id, long deadline) {
    Command c = command(1, new byte[0], 0, 0);
    return new Frame.Request(
        id,
        "unit",
        9,
        new Command(c.nexus(), (int) id, c.attribute(), c.cdb(), c.dataOut(), 0, deadline));
  }

  @Test
  void theOwnerRefusesWhatIsPastItsDeadlineInItsOwnClock() throws Exception {
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    try (RawPeer raw = raw(server(""))) {
      raw.send(hello(1, OWNER));
      long tick = raw.receive(Frame.Tick.class).nanos();
      raw.send(request(1, tick));
      assertEquals(Status.BUSY, raw.receive(Frame.Reply.class).response().status());
      raw.send(request(2, tick + HOUR));
      assertEquals(Status.GOOD, raw.receive(Frame.Reply.class).response().status());
    }
  }

  @Test
  void anOlderConnectionBeginsNothingAndIsTurnedAway() throws Exception {
    RelayServer server = server("");
    unit.behaviour = e -> e.reply().accept(Response.good(0));
    try (RawPeer old = raw(server);
        RawPeer young = raw(server);
        RawPeer late = raw(server)) {
      old.send(hello(1, OWNER));
      assertEquals(Frame.Welcome.UNKNOWN, old.receive(Frame.Welcome.class).begun());
      long deadline = old.receive(Frame.Tick.class).nanos() + HOUR;
      old.send(request(5, deadline));
      old.receive(Frame.Reply.class);
      young.send(hello(3, OWNER));
      assertEquals(5, young.receive(Frame.Welcome.class).begun());
      AtomicInteger begun = new AtomicInteger();
      unit.behaviour = e -> begun.incrementAndGet();
      try {
        old.send(request(6, deadline));
      } catch (IOException e) {
        // Closed already: as good.
      }
      late.send(hello(2, OWNER));
      assertEquals(Frame.Refusal.Reason.SUPERSEDED, late.receive(Frame.Refusal.class).reason());
      unit.behaviour = e -> e.reply().accept(Response.good(0));
      young.send(request(7, deadline));
      assertEquals(7, young.receive(Frame.Reply.class).id());
      assertEquals(0, begun.get());
    }
  }

  /** A host sends again through the gateway that is back what its former process had sent. */
  @Test
  void whatAFormerProcessOfAGatewaySentBeginsNoMore() throws Exception {
    RelayServer server = server("");
    AtomicInteger begun = new AtomicInteger();
    unit.behaviour =
        e -> {
          begun.incrementAndGet();
          e.reply().accept(Response.good(0));
        };
    Sender first = new Sender("gw", SENDER, 3);
    Sender second = new Sender("gw", UUID.randomUUID(), 8);
    try (RawPeer old = raw(server);
        RawPeer other = raw(server);
        RawPeer young = raw(server);
        RawPeer late = raw(server)) {
      old.send(hello(first, LINK, 1, OWNER));
      old.receive(Frame.Welcome.class);
      long deadline = old.receive(Frame.Tick.class).nanos() + HOUR;
      other.send(hello(new Sender("other", SENDER, 2), UUID.randomUUID(), 1, OWNER));
      other.receive(Frame.Welcome.class);
      young.send(hello(second, UUID.randomUUID(), 1, OWNER));
      young.receive(Frame.Welcome.class);
      try {
        old.send(request(1, deadline));
      } catch (IOException e) {
        // Closed already: as good.
      }
      late.send(hello(first, UUID.randomUUID(), 1, OWNER));
      assertEquals(Frame.Refusal.Reason.SUPERSEDED, late.receive(Frame.Refusal.class).reason());
      young.send(request(1, deadline));
      young.receive(Frame.Reply.class);
      assertEquals(1, begun.get(), "what the former process sent has begun");
      other.send(request(1, deadline));
      other.receive(Frame.Reply.class);
      assertEquals(2, begun.get(), "another gateway is not concerned");
    }
  }

  @Test
  void aStrangerIsTurnedAway() throws Exception {
    RelayServer server = server("");
    try (RawPeer raw = raw(server)) {
      raw.send(new Frame.Tick(1));
      assertEquals(Frame.Refusal.Reason.PROTOCOL, raw.receive(Frame.Refusal.class).reason());
      assertNull(raw.receive());
    }
    try (RawPeer raw = raw(server)) {
      raw.send(request(1, System.nanoTime() + HOUR));
      assertEquals(Frame.Refusal.Reason.PROTOCOL, raw.receive(Frame.Refusal.class).reason());
    }
    try (RawPeer silent = raw(server("handshake-timeout = 100ms"))) {
      try {
        assertNull(silent.receive());
      } catch (IOException e) {
        // Reset: as good.
      }
    }
    assertEquals(0, unit.held());
  }

  @Test
  void theOwnerReadsNoFurtherThanItsBound() throws Exception {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    unit.behaviour =
        e -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          async(
              () -> {
                now.decrementAndGet();
                e.reply().accept(Response.good(0));
              });
        };
    RelayServer server = server("max-in-flight = 4, max-in-flight-per-unit = 4");
    try (RawPeer raw = raw(server)) {
      raw.send(hello(1, OWNER));
      long deadline = raw.receive(Frame.Tick.class).nanos() + HOUR;
      for (int id = 1; id <= 1_000; id++) {
        raw.send(request(id, deadline));
      }
      for (int i = 1; i <= 1_000; i++) {
        assertEquals(Status.GOOD, raw.receive(Frame.Reply.class).response().status());
      }
    }
    assertTrue(most.get() <= 4, () -> most + " at a time");
  }

  @Test
  void withoutATickNothingIsSent() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      RelayClient client = client(listener.getLocalPort(), "tick-bound = 300ms");
      try (RawPeer owner = new RawPeer(listener.accept())) {
        owner.receive(Frame.Hello.class);
        owner.send(new Frame.Welcome(Frame.Welcome.UNKNOWN));
        assertEquals(Status.BUSY, get(forward(client, 200_000_000)).status());
        owner.send(new Frame.Tick(5));
        CompletableFuture<Response> held = forward(client, HOUR);
        long id = owner.receive(Frame.Request.class).id();
        // That tick grows old while the connection stays up: then they are refused unsent.
        int sent = 0;
        CompletableFuture<Response> next =
            forward(client, "other", command(7, new byte[0], 0, HOUR));
        while (!next.isDone()) {
          sent++;
          if (owner.receive() instanceof Frame.Request request && request.command().tag() == 7) {
            owner.send(new Frame.Reply(request.id(), Response.good(0)));
            assertEquals(Status.GOOD, get(next).status());
            next = forward(client, "other", command(7, new byte[0], 0, HOUR));
          }
        }
        assertEquals(Status.BUSY, next.join().status(), sent + " frames");
        assertFalse(held.isDone());
        owner.send(new Frame.Reply(id, Response.good(0)));
        assertEquals(Status.GOOD, get(held).status());
      }
    }
  }

  @Test
  void theDeathOfTheOwnerAnswersEverythingAtOnce() throws Exception {
    RelayClient client = connected();
    CompletableFuture<Response> held = forward(client, HOUR);
    FakeUnit.Execution execution = unit.next();
    client.peerDead();
    assertTrue(held.isDone());
    assertEquals(Status.BUSY, held.join().status());
    assertEquals(Status.BUSY, forward(client, HOUR).join().status());
    execution.reply().accept(Response.good(0));
  }

  @Test
  void closingWaitsForTheReplyToWhatWasSent() throws Exception {
    RelayClient client = connected();
    CompletableFuture<Response> held = forward(client, HOUR);
    FakeUnit.Execution execution = unit.next();
    CompletionStage<Void> closed = client.close();
    assertEquals(Status.BUSY, forward(client, HOUR).join().status());
    assertFalse(closed.toCompletableFuture().isDone());
    execution.reply().accept(Response.good(0));
    get(closed);
    assertEquals(Status.GOOD, held.join().status());
  }

  @Test
  void withNobodyThereACommandIsBusyAfterAWhile() throws Exception {
    int port;
    try (ServerSocket unused = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      port = unused.getLocalPort();
    }
    RelayClient client = client(port, "connect-wait = 100ms");
    assertEquals(Status.BUSY, get(forward(client, HOUR)).status());
    assertEquals(0, client.inFlight());
  }

  @Test
  void aUnitThatFailsBreaksNothingElse() throws Exception {
    RelayClient client = client(server("").address().getPort(), "reply-bound = 50ms");
    unit.behaviour =
        e -> {
          throw new IllegalStateException("a defect");
        };
    other.behaviour = e -> e.reply().accept(Response.good(0));
    CompletableFuture<Response> lost = forward(client, 300_000_000);
    assertEquals(
        Status.GOOD, get(forward(client, "other", command(1, new byte[0], 0, HOUR))).status());
    assertEquals(Status.BUSY, get(lost).status());
  }

  @Test
  void whateverBreaksEachCommandIsAnsweredOnceAndASuccessIsOne() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("RelayTest seed " + seed);
    Random random = new Random(seed);
    Map<Integer, AtomicInteger> executed = new ConcurrentHashMap<>();
    unit.behaviour =
        e ->
            async(
                () -> {
                  executed
                      .computeIfAbsent(e.command().tag(), t -> new AtomicInteger())
                      .incrementAndGet();
                  e.reply().accept(Response.good(e.command().dataOut().remaining()));
                });
    TcpProxy proxy = new TcpProxy(server("").address());
    RelayClient client = client(proxy.port(), "backoff-max = 100ms");
    Map<Integer, AtomicInteger> answered = new ConcurrentHashMap<>();
    List<CompletableFuture<Response>> all = new ArrayList<>();
    int tag = 0;
    for (int round = 0; round < 30; round++) {
      CompletableFuture<Response> last = null;
      for (int i = 0; i < 50; i++) {
        int mine = tag++;
        CompletableFuture<Response> replied = new CompletableFuture<>();
        Command command =
            command(mine, random(random.nextInt(20_000)), 0, random.nextInt(400) * 1_000_000L);
        client.forward(
            "unit",
            9,
            command,
            response -> {
              answered.computeIfAbsent(mine, t -> new AtomicInteger()).incrementAndGet();
              replied.complete(response);
            });
        all.add(replied);
        last = replied;
      }
      if (random.nextBoolean()) {
        get(last);
      }
      proxy.cutAll();
    }
    for (int i = 0; i < all.size(); i++) {
      Response response = get(all.get(i));
      AtomicInteger times = executed.get(i);
      assertTrue(times == null || times.get() == 1, "executed twice, seed " + seed);
      assertTrue(response.status() != Status.GOOD || times != null, "seed " + seed);
    }
    answered.values().forEach(count -> assertEquals(1, count.get(), "seed " + seed));
    get(client.close());
    assertEquals(0, client.inFlight());
    proxy.close();
  }
}

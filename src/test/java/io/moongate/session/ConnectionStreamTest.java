package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.transport.Outgoing;
import io.moongate.wire.DigestSettings;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.TargetPdu.LoginResponse;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.testkit.TestPublisher;
import org.apache.pekko.stream.testkit.TestSubscriber;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.apache.pekko.stream.testkit.javadsl.TestSource;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A connection's stream: demand, batches, and its ends. */
class ConnectionStreamTest {
  private static ActorTestKit kit;

  private final FakeUnit unit = new FakeUnit(8 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final Harness shape = new Harness(directory);
  private final PduEncoder encoder = new PduEncoder(new DigestSettings());
  private final PduDecoder decoder = new PduDecoder(new DigestSettings());
  private SessionRegistry registry;
  private TestPublisher.Probe<ByteString> in;
  private TestSubscriber.Probe<ByteString> out;

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create("stream", ConfigFactory.load());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private void run(String changed) {
    SessionSettings settings = Harness.settings(changed);
    registry = new SessionRegistry(settings);
    decoder.maxDataSegmentLength(262_144);
    var probes =
        TestSource.<ByteString>create(kit.system().classicSystem())
            .via(IscsiServer.connection(settings, directory, registry, "peer", "portal"))
            .map(Outgoing::intoBytes)
            .toMat(TestSink.create(kit.system().classicSystem()), Keep.both())
            .run(kit.system());
    in = probes.first();
    out = probes.second();
  }

  private void login() {
    in.sendNext(
        encoder.encode(
            shape.login(
                1, 3, Harness.text(TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET)))));
    LoginResponse response = (LoginResponse) decode(out.requestNext()).get(0);
    assertEquals(0, response.statusClass());
  }

  private List<Pdu> decode(ByteString bytes) {
    decoder.feed(bytes);
    List<Pdu> pdus = new ArrayList<>();
    for (Pdu pdu = decoder.next(); pdu != null; pdu = decoder.next()) {
      pdus.add(pdu);
    }
    return pdus;
  }

  @Test
  void answersWhatCameTogetherTogether() {
    run("");
    login();
    ByteString chunk = ByteString.emptyByteString();
    for (int i = 0; i < 32; i++) {
      chunk = chunk.concat(encoder.encode(shape.read(i, 8, 4096)));
    }
    in.sendNext(chunk);
    assertEquals(32, decode(out.requestNext()).size());
    in.sendComplete();
    out.expectComplete();
  }

  @Test
  void makesNoDataAheadOfDemand() {
    run("moongate.iscsi.batch-bytes = 64 KiB");
    login();
    in.sendNext(encoder.encode(shape.read(0, 4096, 2 << 20)));
    ByteString first = out.requestNext();
    assertTrue(first.size() < 64 * 1024 + 262_144 + 4096, "size " + first.size());
    out.expectNoMessage();
    assertTrue(registry.bytes() >= 2 << 20, "bytes " + registry.bytes());
    int size = first.size();
    while (size < 2 << 20) {
      size += out.requestNext().size();
    }
    assertEquals(List.of(), decode(ByteString.emptyByteString()));
  }

  @Test
  void readsNoMoreWhileAnswersAreNotTaken() {
    run("moongate.iscsi.queue-depth = 1");
    login();
    int chunks = 0;
    // Each chunk asks for what is answered at once, and nothing takes the answers.
    while (in.pending() > 0 || in.expectRequest() > 0) {
      ByteString chunk = ByteString.emptyByteString();
      for (int i = 0; i < 64; i++) {
        chunk =
            chunk.concat(
                encoder.encode(
                    new io.moongate.wire.InitiatorPdu.SnackRequest(0, 0, 5, -1, 0, 0, 0)));
      }
      in.sendNext(chunk);
      chunks++;
      if (chunks == 5) {
        break;
      }
    }
    in.expectNoMessage();
    assertEquals(5, chunks, "258 answers wait, 320 were asked for");
    int answered = decode(out.requestNext()).size();
    while (answered < 320) {
      answered += decode(out.requestNext()).size();
    }
    assertEquals(320, answered);
  }

  @Test
  void wakesUpForAnswersFromOtherThreads() throws Exception {
    run("");
    login();
    unit.hold();
    in.sendNext(encoder.encode(shape.read(0, 1, 512)));
    while (unit.held().isEmpty()) {
      Thread.onSpinWait();
    }
    Thread store = new Thread(unit::release);
    store.start();
    assertEquals(1, decode(out.requestNext()).size());
    store.join();
  }

  @Test
  void failsTheStreamWhenItIsDropped() {
    run("");
    login();
    registry.closeAll("the lease is lost");
    assertEquals("the lease is lost", out.expectError().getMessage());
    in.expectCancellation();
  }

  @Test
  void endsTheStreamAfterALogout() {
    run("");
    login();
    in.sendNext(encoder.encode(shape.logout(0, 1)));
    assertEquals(1, decode(out.requestNext()).size());
    out.expectComplete();
  }
}

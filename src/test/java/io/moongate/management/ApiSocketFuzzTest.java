package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any bytes at the API's port: what is answered is never the gateway's own failure and tells
 * nothing of its inside, and whoever asks properly in between is answered. There are so few
 * connections that one which was not given back would be missed.
 */
class ApiSocketFuzzTest {
  private static final int CONNECTIONS = 8;
  private static final int ROUNDS = 300;
  private static final int BOUND_MILLIS = 20_000;
  private static final int MOST_ANSWERED = 1 << 20;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([0-9]{3})[ \\r]");
  private static final Pattern INSIDE =
      Pattern.compile(
          "\\tat |Exception|(io\\.moongate|org\\.apache|com\\.fasterxml|java\\.lang)\\.[a-z]");

  /** What RFC 9110 has a server say of its own limits, and of a gateway that is stopping. */
  private static final List<Integer> OF_SERVER = List.of(501, 503, 505);

  private static final List<String> SEEDS =
      Stream.of(
              List.of(HostileRequests.GOOD),
              HostileRequests.LINES,
              HostileRequests.TARGETS,
              HostileRequests.HEADERS,
              HostileRequests.CHUNKS,
              HostileRequests.BODIES,
              HostileRequests.PIPELINES)
          .flatMap(List::stream)
          .toList();

  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.withConnections(CONNECTIONS);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  /** How bytes are sent, and the connection ended. */
  private enum Way {
    /** At once, and then nothing more is sent. */
    WHOLE,
    /** The first of them one by one. */
    SLOW,
    /** At once, and the connection is reset. */
    RESET
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(server.base().getHost(), server.base().getPort());
    socket.setSoTimeout(BOUND_MILLIS);
    socket.setTcpNoDelay(true);
    return socket;
  }

  /** What came back until the server closed; empty when nobody waited for it. */
  private static String exchange(byte[] request, Way way) throws Exception {
    try (Socket socket = connect()) {
      try {
        OutputStream out = socket.getOutputStream();
        int slow = way == Way.SLOW ? Math.min(request.length, 48) : 0;
        for (int i = 0; i < slow; i++) {
          out.write(request[i]);
          Thread.sleep(1);
        }
        out.write(request, slow, request.length - slow);
        if (way == Way.RESET) {
          socket.setSoLinger(true, 0);
          return "";
        }
        socket.shutdownOutput();
      } catch (SocketException refused) {
        // It has answered and closed before it was sent all of it.
      }
      return answer(socket);
    }
  }

  private static String answer(Socket socket) throws IOException {
    ByteArrayOutputStream heard = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    InputStream in = socket.getInputStream();
    try {
      for (int n = in.read(buffer); n >= 0 && heard.size() < MOST_ANSWERED; n = in.read(buffer)) {
        heard.write(buffer, 0, n);
      }
    } catch (SocketTimeoutException open) {
      throw new AssertionError("neither answered nor closed: " + heard, open);
    } catch (SocketException reset) {
      // What was not read of the request is answered by a reset.
    }
    return heard.toString(StandardCharsets.ISO_8859_1);
  }

  private static List<Integer> statuses(String answer) {
    List<Integer> statuses = new ArrayList<>();
    Matcher matcher = STATUS.matcher(answer);
    while (matcher.find()) {
      statuses.add(Integer.valueOf(matcher.group(1)));
    }
    return statuses;
  }

  private static void check(String answer) {
    for (int status : statuses(answer)) {
      assertTrue(status < 500 || OF_SERVER.contains(status), answer);
    }
    assertFalse(INSIDE.matcher(answer).find(), answer);
    assertFalse(answer.contains(TestUsers.ADMIN), answer);
  }

  private static void assertAnswers() throws Exception {
    String answer = exchange(ascii(HostileRequests.GOOD), Way.WHOLE);
    assertEquals(List.of(200), statuses(answer), answer);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  @Timeout(120)
  void whatIsBrokenIsRefused() throws Exception {
    assertAnswers();
    for (String seed : SEEDS) {
      for (Way way : Way.values()) {
        try {
          check(exchange(ascii(seed), way));
        } catch (AssertionError wrong) {
          throw new AssertionError(
              way + " " + seed.substring(0, Math.min(200, seed.length())), wrong);
        }
      }
      assertAnswers();
    }
    for (List<String> broken : List.of(HostileRequests.LINES, HostileRequests.BODIES)) {
      for (String seed : broken) {
        assertTrue(
            statuses(exchange(ascii(seed), Way.WHOLE)).stream()
                .allMatch(status -> status >= 400 || status == 200 || status == 201),
            seed);
      }
    }
  }

  /** Whoever is in the middle of a body may go: that is nothing to be looked into. */
  @Test
  @Timeout(120)
  void connectionThatIsResetIsNoFailureOfTheGateway() throws Exception {
    try (LogCapture log = new LogCapture()) {
      for (int i = 0; i < 3; i++) {
        exchange(ascii(HostileRequests.HALF), Way.RESET);
        Thread.sleep(100);
        assertAnswers();
      }
      assertEquals(
          List.of(),
          log.lines().stream().filter(line -> line.contains("failed, reference")).toList());
    }
  }

  /** What is too deep, too large or no number is the client's mistake, in a problem document. */
  @Test
  @Timeout(120)
  void brokenBodiesAreTheClientsMistake() throws Exception {
    for (String seed : HostileRequests.BODIES.subList(0, HostileRequests.BODIES.size() - 1)) {
      String answer = exchange(ascii(seed), Way.WHOLE);
      int status = statuses(answer).get(0);
      String what = seed.substring(0, Math.min(300, seed.length())) + "\n" + answer;
      assertTrue(status == 400 || status == 404 || status == 413, what);
      assertTrue(answer.contains("application/problem+json"), what);
    }
  }

  @Test
  @Timeout(240)
  void mutations() throws Exception {
    int[] round = {0};
    int before = Thread.activeCount();
    Mutations.run(
        ApiSocketFuzzTest.class,
        ROUNDS,
        input -> {
          try {
            Script script = new Script(input);
            Way way = script.pick(List.of(Way.values()));
            check(exchange(mutated(script), way));
            if (round[0]++ % 10 == 0) {
              assertAnswers();
            }
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    for (int i = 0; i < 2 * CONNECTIONS; i++) {
      assertAnswers();
    }
    assertTrue(
        Thread.activeCount() < before + 32,
        () -> "threads: " + before + " before, " + Thread.activeCount() + " after");
  }

  /** A seed with some of it changed, cut, doubled, or joined with another. */
  private static byte[] mutated(Script script) {
    byte[] bytes = ascii(script.pick(SEEDS));
    int changes = script.below(6);
    for (int i = 0; i < changes && bytes.length > 0; i++) {
      // Most that is to be found is at the beginning.
      int at = script.u16() % Math.min(bytes.length, script.flag() ? 64 : 4096);
      switch (script.below(5)) {
        case 0 -> bytes[at] = (byte) script.u8();
        case 1 -> bytes[at] = (byte) "\r\n\0 :%/\"{};,=\t".charAt(script.below(14));
        case 2 -> bytes = joined(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at, at + 1));
        case 3 -> {
          int to = Math.min(bytes.length, at + script.u8());
          bytes = joined(Arrays.copyOf(bytes, to), Arrays.copyOfRange(bytes, at, bytes.length));
        }
        default -> bytes = joined(Arrays.copyOf(bytes, at), ascii(script.pick(SEEDS)));
      }
    }
    return bytes;
  }

  private static byte[] joined(byte[] one, byte[] other) {
    byte[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }
}

package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A flood of what is no request is a few lines and a number. */
class MalformedRequestsTest {
  private final AtomicLong now = new AtomicLong(-5);
  private final MalformedRequests malformed = new MalformedRequests(now::get);

  @Test
  void floodIsAFewLinesAndANumber() {
    try (LogCapture log = new LogCapture()) {
      for (int i = 0; i < 1_000; i++) {
        malformed.answered(400, "line\r\nevent=forged " + i);
      }
      malformed.tell();
      assertEquals(MalformedRequests.MOST, log.lines().size(), log.lines().toString());
      assertEquals(
          "event=malformed-request status=400 reason=\"line??event=forged 0\"", log.lines().get(0));
      now.addAndGet(MalformedRequests.WHILE_NANOS);
      malformed.tell();
      assertEquals(
          "event=malformed-requests-left-out count=992", log.lines().get(MalformedRequests.MOST));
      malformed.tell();
      assertEquals(MalformedRequests.MOST + 1, log.lines().size());
      malformed.answered(414, "too long");
      assertEquals(MalformedRequests.MOST + 2, log.lines().size());
    }
  }

  @Test
  void fewAreToldEach() {
    try (LogCapture log = new LogCapture()) {
      malformed.answered(400, "a");
      now.addAndGet(2 * MalformedRequests.WHILE_NANOS);
      malformed.answered(400, "b");
      malformed.tell();
      assertEquals(2, log.lines().size(), log.lines().toString());
    }
  }

  @Test
  void theServerCountsThem() throws Exception {
    TestServer server = TestServer.start();
    try (LogCapture log = new LogCapture()) {
      for (int i = 0; i < 200; i++) {
        String answer = server.raw("NONSENSE " + i + "\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 4") || answer.startsWith("HTTP/1.1 501"), answer);
      }
      // The process counts those of other servers too, and a while may begin anew in between.
      List<String> lines =
          log.lines().stream()
              .filter(line -> line.contains("malformed") || line.contains("HTTP method"))
              .toList();
      assertTrue(lines.size() <= 3 * MalformedRequests.MOST, () -> String.join("\n", lines));
    } finally {
      server.close();
    }
  }
}

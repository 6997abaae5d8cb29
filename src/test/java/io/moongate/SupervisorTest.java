package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a service manager hears, over a real socket. */
@EnabledOnOs(OS.LINUX)
class SupervisorTest {
  private static final long PID = 4711;

  private static final class Calls {
    static {
      Native.register(Calls.class, "c");
    }

    static native int socket(int domain, int type, int protocol);

    static native int bind(int fd, byte[] address, int length);

    static native NativeLong recv(int fd, byte[] buffer, NativeLong length, int flags);

    static native int setsockopt(int fd, int level, int option, byte[] value, int length);

    static native int close(int fd);
  }

  private final String name = "moongate-test-" + ProcessHandle.current().pid() + System.nanoTime();
  private int socket;

  @BeforeEach
  void listen() {
    socket = Calls.socket(1, 2, 0);
    byte[] path = name.getBytes(StandardCharsets.UTF_8);
    byte[] address = new byte[3 + path.length];
    address[0] = 1; // AF_UNIX, little-endian
    System.arraycopy(path, 0, address, 3, path.length);
    assertEquals(0, Calls.bind(socket, address, address.length), "bind");
    byte[] timeout = new byte[16];
    timeout[0] = 30; // seconds
    assertEquals(0, Calls.setsockopt(socket, 1, 20, timeout, timeout.length), "SO_RCVTIMEO");
  }

  @AfterEach
  void close() {
    Calls.close(socket);
  }

  private String heard() {
    byte[] buffer = new byte[4096];
    int length = Calls.recv(socket, buffer, new NativeLong(buffer.length), 0).intValue();
    assertTrue(length > 0, "nothing was said");
    return new String(Arrays.copyOf(buffer, length), StandardCharsets.UTF_8);
  }

  private Supervisor supervisor(String... more) {
    Map<String, String> environment = new java.util.HashMap<>(Map.of("NOTIFY_SOCKET", "@" + name));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return Supervisor.of(environment, PID);
  }

  @Test
  void itHearsHowFarTheGatewayIs() {
    Supervisor supervisor = supervisor();
    supervisor.stillStarting(Duration.ofSeconds(90), "Cassandra");
    assertEquals("EXTEND_TIMEOUT_USEC=90000000\nSTATUS=starting: Cassandra", heard());
    supervisor.ready();
    assertEquals("READY=1\nSTATUS=serving", heard());
    supervisor.stopping();
    assertEquals("STOPPING=1\nSTATUS=stopping", heard());
  }

  @Test
  void theWatchdogIsFedOnlyWhileTheProcessWorks() {
    AtomicBoolean works = new AtomicBoolean(true);
    AtomicBoolean looked = new AtomicBoolean();
    Runnable end =
        supervisor("WATCHDOG_USEC", "30000", "WATCHDOG_PID", String.valueOf(PID))
            .watch(
                () -> {
                  looked.set(true);
                  return works.get();
                });
    assertEquals("WATCHDOG=1", heard());
    assertEquals("WATCHDOG=1", heard());
    works.set(false);
    supervisor().stopping();
    String last = heard();
    while (last.equals("WATCHDOG=1")) {
      last = heard();
    }
    looked.set(false);
    while (!looked.get()) {
      Thread.onSpinWait();
    }
    supervisor().ready();
    // What it was fed with before it stopped working may stand in between; nothing since.
    String next = heard();
    while (next.equals("WATCHDOG=1")) {
      next = heard();
    }
    assertEquals("READY=1\nSTATUS=serving", next);
    end.run();
  }

  @Test
  void aWatchdogOfAnotherProcessIsNotFed() {
    AtomicBoolean asked = new AtomicBoolean();
    Runnable end =
        supervisor("WATCHDOG_USEC", "1000", "WATCHDOG_PID", "1")
            .watch(() -> !asked.compareAndSet(false, true));
    supervisor().ready();
    assertEquals("READY=1\nSTATUS=serving", heard());
    assertTrue(!asked.get(), "nobody is watched");
    end.run();
  }

  @Test
  void withoutOneNothingIsSaidAndWhatCantBeIsRefused() {
    Supervisor.of(Map.of(), PID).ready();
    for (String wrong : new String[] {"relative", "@", "/" + "x".repeat(120)}) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> Supervisor.of(Map.of("NOTIFY_SOCKET", wrong), PID));
      assertTrue(refused.getMessage().contains("NOTIFY_SOCKET"), refused.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> supervisor("WATCHDOG_USEC", "soon").ready());
  }

  /** A supervisor that has gone away is no reason to end. */
  @Test
  void nobodyThereIsNoFailure() {
    Supervisor.of(Map.of("NOTIFY_SOCKET", "@" + name + "-gone"), PID).ready();
  }
}

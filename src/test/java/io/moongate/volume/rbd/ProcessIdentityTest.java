package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProcessIdentityTest {
  private final ProcessIdentity own = ProcessIdentity.own().orElseThrow();

  /** Of a process of this system. */
  private ProcessIdentity of(Process process) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    long started = Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19]);
    return new ProcessIdentity(
        own.boot(), own.pidNamespace(), own.timeNamespace(), process.pid(), started);
  }

  @Test
  void itIsReadAsItIsWritten() {
    assertEquals(Optional.of(own), ProcessIdentity.parse(own.toString()));
    assertEquals(Optional.empty(), ProcessIdentity.parse(""));
    assertEquals(Optional.empty(), ProcessIdentity.parse("a b c 1"));
    assertEquals(Optional.empty(), ProcessIdentity.parse("a b c 1 x"));
  }

  @Test
  void oneHasEndedOnceItIsGoneAndNotWhileItIsStopped() throws Exception {
    Process process = new ProcessBuilder("sleep", "1000").start();
    ProcessIdentity identity = of(process);
    try {
      assertFalse(identity.hasEnded());
      OtherProcess.signal(process.pid(), "STOP");
      assertFalse(identity.hasEnded());
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertTrue(identity.hasEnded());
  }

  @Test
  void thisOneHasNot() {
    assertFalse(own.hasEnded());
  }

  @Test
  void whoHasItsNumberLaterIsAnother() {
    assertTrue(
        new ProcessIdentity(
                own.boot(), own.pidNamespace(), own.timeNamespace(), own.pid(), own.started() - 1)
            .hasEnded());
  }

  /** Its number may well be free here. */
  @Test
  void ofOneElsewhereNothingIsKnown() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    long gone = process.pid();
    assertTrue(
        new ProcessIdentity(own.boot(), own.pidNamespace(), own.timeNamespace(), gone, 1)
            .hasEnded());
    assertFalse(
        new ProcessIdentity("another", own.pidNamespace(), own.timeNamespace(), gone, 1)
            .hasEnded());
    assertFalse(
        new ProcessIdentity(own.boot(), "pid:[1]", own.timeNamespace(), gone, 1).hasEnded());
    assertFalse(
        new ProcessIdentity(own.boot(), own.pidNamespace(), "time:[1]", gone, 1).hasEnded());
    assertFalse(
        new ProcessIdentity(own.boot(), own.pidNamespace(), own.timeNamespace(), 0, 1).hasEnded());
  }
}

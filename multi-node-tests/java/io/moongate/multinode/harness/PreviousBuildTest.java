package io.moongate.multinode.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which build is the former one, and what is said where it can't be had. */
class PreviousBuildTest {
  private static final String COMMIT = "6de991edebe6afb46da0cb8d14e63ddc71229f1a";

  @TempDir Path directory;

  @Test
  void theCommitIsTheOneLineThatIsNoComment() throws IOException {
    Path file = Files.writeString(directory.resolve("named"), "# why\n#\n\n" + COMMIT + "\n");
    assertEquals(COMMIT, PreviousBuild.commit(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing", "6de991e", COMMIT + "\n" + COMMIT, "HEAD~3"})
  void anythingElseIsRefusedWithTheFile(String text) throws IOException {
    Path file = Files.writeString(directory.resolve("named"), text);
    String message =
        assertThrows(IllegalStateException.class, () -> PreviousBuild.commit(file)).getMessage();
    assertTrue(message.startsWith(file + ": expected one commit in full"), message);
  }

  @Test
  void whereThereIsNoRepositoryItIsSaidWhatToDo() {
    String message =
        assertThrows(
                IllegalStateException.class, () -> PreviousBuild.requireAncestor(directory, COMMIT))
            .getMessage();
    assertTrue(message.contains(directory + " is not in a git repository"), message);
    assertTrue(message.contains("run this test in a clone"), message);
  }

  @Test
  void whatIsNamedHereIsACommit() {
    PreviousBuild.commit(Path.of("multi-node-tests", "previous-build"));
  }
}

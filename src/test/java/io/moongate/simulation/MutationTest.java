package io.moongate.simulation;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That the simulation notices: without any one of the rules, some run fails. */
@Execution(ExecutionMode.CONCURRENT)
@ExtendWith(Quiet.class)
class MutationTest {
  private static final long MOST = Long.getLong("moongate.simulation.mutation-seeds", 4_000);

  /** docs/simulation.md says of those that are left out here what covers them. */
  @ParameterizedTest
  @EnumSource(
      value = Mutation.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"RELEASED_WITHOUT_VERSION", "SESSIONS_KEPT", "FORMER_PROCESS_RELAYS"})
  void aRuleThatIsLeftOutIsMissed(Mutation rule) {
    Seed.find(World.Settings.PRODUCT.on(store(rule)).without(rule), 1, MOST);
  }

  /** Where a store that fences makes good for what is left out, a plain file does not. */
  private static Disk.Kind store(Mutation rule) {
    return switch (rule) {
      case RELEASED_BEFORE_DRAINED, HANDED_OVER_BEFORE_RELEASED -> Disk.Kind.PLAIN_FILE;
      default -> Disk.Kind.FENCES;
    };
  }

  /** What docs/limits.md says of a plain file: an operation that hangs in it can land too late. */
  @Test
  void aPlainFileThatHangsKeepsNoPromise() {
    Seed.find(World.Settings.PRODUCT.on(Disk.Kind.PLAIN_FILE_THAT_HANGS), 1, MOST);
  }
}

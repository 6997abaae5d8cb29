package io.moongate.simulation;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That the simulation notices: without any one of the rules, some run fails. */
@ExtendWith(Quiet.class)
class MutationTest {
  private static final long MOST = 400;

  @ParameterizedTest
  @EnumSource(Mutation.class)
  void aRuleThatIsLeftOutIsMissed(Mutation rule) {
    Seed.find(World.Settings.PRODUCT.without(rule), 1, MOST);
  }

  /** What docs/limits.md says of a plain file: an operation that hangs in it can land too late. */
  @Test
  void aPlainFileThatHangsKeepsNoPromise() {
    Seed.find(World.Settings.PRODUCT.on(Disk.Kind.PLAIN_FILE_THAT_HANGS), 1, MOST);
  }
}

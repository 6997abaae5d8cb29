package io.moongate.cli;

/**
 * What one check of {@code doctor} found.
 *
 * @param check what was looked at
 * @param state how it is
 * @param detail what was found
 * @param advice what to do about it; empty where nothing is to be done
 */
public record CheckResult(String check, State state, String detail, String advice) {

  /** How something is. */
  public enum State {
    /** As it should be. */
    OK("ok"),
    /** It works, and should be otherwise all the same. */
    WARN("warn"),
    /** A gateway can't serve with this, or serves wrongly. */
    FAIL("fail"),
    /** It could not be looked at. */
    SKIPPED("skip");

    private final String word;

    State(String word) {
      this.word = word;
    }

    /** As it is printed. */
    public String word() {
      return word;
    }
  }

  public static CheckResult ok(String check, String detail) {
    return new CheckResult(check, State.OK, detail, "");
  }

  public static CheckResult warn(String check, String detail, String advice) {
    return new CheckResult(check, State.WARN, detail, advice);
  }

  public static CheckResult fail(String check, String detail, String advice) {
    return new CheckResult(check, State.FAIL, detail, advice);
  }

  public static CheckResult skipped(String check, String detail) {
    return new CheckResult(check, State.SKIPPED, detail, "");
  }
}

package io.moongate.cli.status;

/**
 * Something that an operator should know.
 *
 * @param level how bad it is
 * @param what what is so, in a sentence without a full stop
 * @param advice what to do about it
 */
public record Finding(Level level, String what, String advice) {

  /** How bad something is, worst first. */
  public enum Level {
    /** Hosts are without service or without a path that they should have, or data is at risk. */
    WRONG("wrong"),
    /** Hosts are served as they should be, but something was done by hand or will not last. */
    WARNING("warning");

    private final String word;

    Level(String word) {
      this.word = word;
    }

    /** As it is printed. */
    public String word() {
      return word;
    }
  }

  static Finding wrong(String what, String advice) {
    return new Finding(Level.WRONG, what, advice);
  }

  static Finding warning(String what, String advice) {
    return new Finding(Level.WARNING, what, advice);
  }
}

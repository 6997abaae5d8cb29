package io.moongate.scsi.task;

/** What a command is counted as, by its operation code. */
public enum CommandKind {
  READ("read"),
  WRITE("write"),
  SYNCHRONIZE_CACHE("synchronize_cache"),
  UNMAP("unmap"),
  WRITE_SAME("write_same"),
  COMPARE_AND_WRITE("compare_and_write"),
  OTHER("other");

  private static final CommandKind[] BY_CODE = new CommandKind[256];

  static {
    java.util.Arrays.fill(BY_CODE, OTHER);
    put(READ, 0x08, 0x28, 0xA8, 0x88);
    put(WRITE, 0x0A, 0x2A, 0xAA, 0x8A, 0x2E, 0xAE, 0x8E, 0x9C);
    put(SYNCHRONIZE_CACHE, 0x35, 0x91);
    put(UNMAP, 0x42);
    put(WRITE_SAME, 0x41, 0x93);
    put(COMPARE_AND_WRITE, 0x89);
  }

  private final String word;

  CommandKind(String word) {
    this.word = word;
  }

  private static void put(CommandKind kind, int... codes) {
    for (int code : codes) {
      BY_CODE[code] = kind;
    }
  }

  /**
   * The kind of an operation code.
   *
   * @param code 0 to 255
   */
  static CommandKind of(int code) {
    return BY_CODE[code];
  }

  /** The word for it in metrics. */
  public String word() {
    return word;
  }
}

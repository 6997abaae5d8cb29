package io.moongate.cli;

import java.io.PrintWriter;

/**
 * How far long work has come: a bar on a terminal, a line for every tenth elsewhere. Work that a
 * gateway does goes on when the command is interrupted; then that is said.
 */
final class Progress implements AutoCloseable {
  private static final int CELLS = 30;
  private static final int TENTHS = 10;

  private final Terminal terminal;
  private final PrintWriter out;
  private final String what;
  private final Thread interrupted;
  private final long start = System.nanoTime();
  private long told = -1;

  /**
   * Begins to tell.
   *
   * @param out null to tell nothing
   * @param what is done
   * @param goesOn what is so when this process is ended by a signal; null when nothing goes on
   */
  Progress(Terminal terminal, PrintWriter out, String what, String goesOn) {
    this.terminal = terminal;
    this.out = out;
    this.what = what;
    this.interrupted =
        goesOn == null || out == null
            ? null
            : new Thread(
                () -> {
                  if (terminal.interactive()) {
                    out.println();
                  }
                  out.println("moongate: interrupted; " + goesOn);
                  out.flush();
                });
    if (interrupted != null) {
      Runtime.getRuntime().addShutdownHook(interrupted);
    }
  }

  /** Tells that so much is done of so much, which is at least 1. */
  void at(long done, long total) {
    if (out == null) {
      return;
    }
    long tenth = done * TENTHS / total;
    if (terminal.interactive()) {
      int cells = (int) (done * CELLS / total);
      draw("[%s%s] %d of %d".formatted("#".repeat(cells), ".".repeat(CELLS - cells), done, total));
    } else if (tenth > told) {
      told = tenth;
      out.println("%s: %d of %d".formatted(what, done, total));
    }
  }

  /** Tells that it is under way, where nobody knows how far it has come. */
  void underWay() {
    if (out == null) {
      return;
    }
    if (terminal.interactive()) {
      draw("under way for %d s".formatted((System.nanoTime() - start) / 1_000_000_000L));
    } else if (told < 0) {
      told = 0;
      out.println(what + " is under way");
    }
  }

  private void draw(String state) {
    out.print(terminal.backToStart() + what + "  " + state);
    out.flush();
    told = 0;
  }

  /** Ends telling; a bar is taken away. */
  @Override
  public void close() {
    if (interrupted != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(interrupted);
      } catch (IllegalStateException e) {
        // The process is being ended: the hook runs.
        return;
      }
    }
    if (out != null && told >= 0) {
      out.print(terminal.backToStart());
      out.flush();
    }
  }
}

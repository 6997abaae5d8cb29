package io.moongate.volume;

/** What other tests of this process have forgotten counts as lent until the collector has it. */
public final class LentMemory {
  private static final int ATTEMPTS = 500;

  private LentMemory() {}

  /** Waits until memory off the heap of that length can be lent. */
  public static void await(int bytes) throws InterruptedException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      LentBuffer lent = LentBuffer.of(bytes);
      if (lent.bytes().isDirect()) {
        lent.giveBack();
        return;
      }
      System.gc();
      Thread.sleep(20);
    }
    throw new AssertionError("no memory of " + bytes + " bytes can be lent");
  }
}

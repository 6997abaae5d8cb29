package io.moongate.cli.status;

import io.moongate.management.api.Store;
import java.util.List;

/**
 * What the HTTP API of one gateway says of itself.
 *
 * @param kind whether it answered
 * @param detail why it did not answer; empty when it did
 * @param status {@code up}, {@code degraded} or {@code down}; empty when it did not answer
 * @param checks what it has looked at; empty where its version tells nothing of that
 * @param stores the volume stores as it sees them
 */
public record Answer(
    Kind kind, String detail, String status, List<Check> checks, List<Store> stores) {

  /** Whether a gateway's API answered. */
  public enum Kind {
    /** It answered. */
    ANSWERS("answers"),
    /** It did not. */
    SILENT("silent"),
    /** It is bound to the loopback of a host that is not this one. */
    ELSEWHERE("-"),
    /** It was not asked, because the gateway is not up. */
    NOT_ASKED("-");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    /** As it is printed. */
    public String word() {
      return word;
    }
  }

  /**
   * One thing that a gateway has looked at.
   *
   * @param name of the check
   * @param state {@code up} or {@code ok} where all is well
   * @param detail for people; null where there is nothing to say
   */
  public record Check(String name, String state, String detail) {
    boolean well() {
      return state == null || state.equals("up") || state.equals("ok");
    }

    boolean down() {
      return "down".equals(state) || "fail".equals(state);
    }
  }

  public Answer {
    checks = List.copyOf(checks);
    stores = List.copyOf(stores);
  }

  /** Of a gateway whose API was not heard. */
  public static Answer without(Kind kind, String detail) {
    return new Answer(kind, detail, "", List.of(), List.of());
  }
}

package io.moongate.cluster;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names a session, and no other one ever: a TSIH is given anew after a while, or after a restart.
 *
 * @param gateway that serves it
 * @param isid as a {@link Metadata.SessionEntry} has it
 * @param tsih target session identifying handle
 * @param sinceMillis when it began, in milliseconds of the epoch
 */
public record SessionId(String gateway, String isid, int tsih, long sinceMillis)
    implements CborSerializable {
  private static final Pattern TEXT =
      Pattern.compile("([a-z0-9-]{1,63}):(?:0x)?([0-9a-f]{12}):(\\d{1,5}):(\\d{1,15})");

  /** Reads what {@link #text} has made; empty when it is nothing of the kind. */
  public static Optional<SessionId> parse(String text) {
    Matcher id = TEXT.matcher(text);
    return id.matches()
        ? Optional.of(
            new SessionId(
                id.group(1),
                "0x" + id.group(2),
                Integer.parseInt(id.group(3)),
                Long.parseLong(id.group(4))))
        : Optional.empty();
  }

  /** As one element of a path. */
  public String text() {
    return "%s:%s:%d:%d".formatted(gateway, isid, tsih, sinceMillis);
  }
}

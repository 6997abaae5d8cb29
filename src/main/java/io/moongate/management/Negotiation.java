package io.moongate.management;

import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.MediaRange;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.Accept;

/** What a request's head must be for the API to take it. */
final class Negotiation {
  private Negotiation() {}

  /** Refuses a client that does not accept JSON (RFC 9110 section 12.5.1). */
  static void requireJsonAccepted(HttpRequest request) {
    requireAccepted(request, MediaTypes.APPLICATION_JSON);
  }

  /** Refuses a client that does not accept what it would be answered with. */
  static void requireAccepted(HttpRequest request, MediaType type) {
    boolean asked = false;
    int best = -1;
    float quality = 0;
    for (Accept accept : request.getHeaders(Accept.class)) {
      for (MediaRange range : accept.getMediaRanges()) {
        asked = true;
        if (range.matches(type) && precision(range) > best) {
          best = precision(range);
          quality = range.qValue();
        }
      }
    }
    if (asked && quality <= 0) {
      throw new ProblemException(
          ProblemType.NOT_ACCEPTABLE, "Accept", "Answers are " + type + " only");
    }
  }

  /** Refuses a body that is not JSON. */
  static void requireJsonBody(HttpRequest request) {
    String type = request.entity().getContentType().mediaType().toString();
    if (!type.equals(MediaTypes.APPLICATION_JSON.toString())) {
      throw new ProblemException(
          ProblemType.UNSUPPORTED_MEDIA_TYPE,
          "Content-Type",
          "The body must be application/json, and is "
              + (type.equals("none/none") ? "of no type" : type));
    }
  }

  /**
   * Refuses what was sent to a name that is not this host's own: a web page whose name was made to
   * resolve to a loopback address could otherwise use the API through a browser on this host.
   */
  static void requireOwnHost(HttpRequest request, ManagementSettings settings) {
    var host = request.getUri().host();
    if (settings.allowRemote()
        || !host.isNamedHost()
        || host.address().equalsIgnoreCase("localhost")
        || host.address().equalsIgnoreCase(settings.host())) {
      return;
    }
    throw new ProblemException(
        ProblemType.MISDIRECTED,
        "Host",
        "The API is on loopback and answers to its address and to localhost, not to "
            + host.address());
  }

  /** The more precise of two media ranges that match decides. */
  private static int precision(MediaRange range) {
    String text = range.toString();
    return text.startsWith("*/") ? 0 : text.contains("/*") ? 1 : 2;
  }
}

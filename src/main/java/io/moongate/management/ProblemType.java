package io.moongate.management;

import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;

/** The sorts of problem that the API knows of itself. */
enum ProblemType {
  MALFORMED_REQUEST(400, "malformed-request", "The request can't be read"),
  INVALID_FIELD(400, "invalid-field", "A field of the request is not valid"),
  UNAUTHENTICATED(401, "unauthenticated", "Who asks is not known"),
  FORBIDDEN(403, "forbidden", "Who asks may not do this"),
  NOT_FOUND(404, "not-found", "There is no such thing"),
  METHOD_NOT_ALLOWED(405, "method-not-allowed", "The resource does not know this method"),
  NOT_ACCEPTABLE(406, "not-acceptable", "No representation is acceptable to the client"),
  REQUEST_TIMEOUT(408, "request-timeout", "The request did not arrive in time"),
  CONFLICT(409, "conflict", "The state does not allow it"),
  PRECONDITION_FAILED(412, "precondition-failed", "It is not what the request expects it to be"),
  TOO_LARGE(413, "too-large", "The request's body is too large"),
  UNSUPPORTED_MEDIA_TYPE(415, "unsupported-media-type", "The body's media type is not supported"),
  MISDIRECTED(421, "misdirected", "The request is not for this host"),
  TOO_MANY_REQUESTS(429, "too-many-requests", "There were too many requests"),
  INTERNAL(500, "internal", "The gateway failed to answer"),
  UNAVAILABLE(503, "unavailable", "It can't be decided now");

  /** A tag URI (RFC 4151): it names and does not lead anywhere, as RFC 9457 section 4 allows. */
  private static final String PREFIX = "tag:moongate.io,2026-11:problem/";

  private final int status;
  private final String uri;
  private final String title;

  ProblemType(int status, String name, String title) {
    this.status = status;
    this.uri = PREFIX + name;
    this.title = title;
  }

  StatusCode status() {
    return StatusCodes.get(status);
  }

  String uri() {
    return uri;
  }

  String title() {
    return title;
  }
}

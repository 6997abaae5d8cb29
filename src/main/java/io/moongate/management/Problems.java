package io.moongate.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Problem;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.javadsl.model.headers.HttpChallenge;
import org.apache.pekko.http.javadsl.model.headers.RetryAfter;
import org.apache.pekko.http.javadsl.model.headers.WWWAuthenticate;
import org.apache.pekko.http.scaladsl.model.EntityStreamException;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.http.scaladsl.model.IllegalRequestException;
import org.apache.pekko.http.scaladsl.model.IllegalUriException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever goes wrong into a problem document (RFC 9457). */
final class Problems {
  private static final Logger log = LoggerFactory.getLogger(Problems.class);
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final ContentType CONTENT_TYPE =
      MediaTypes.applicationWithFixedCharset("problem+json", HttpCharsets.UTF_8).toContentType();
  private static final long RETRY_AFTER_SECONDS = 1;
  private static final HttpChallenge CHALLENGE = HttpChallenge.create("Bearer", "moongate");

  private Problems() {}

  /** The answer to a request whose handling threw. */
  static HttpResponse response(Throwable thrown, HttpRequest request) {
    return response(problemOf(thrown, request), instanceOf(request));
  }

  /** The answer for a problem of the API's own. */
  static HttpResponse response(ProblemException problem, String instance) {
    ProblemType type = problem.type();
    HttpResponse response =
        document(
            type.status(),
            new Problem(
                type.uri(),
                type.title(),
                type.status().intValue(),
                problem.getMessage(),
                instance,
                problem.field().isEmpty() ? null : problem.field()));
    return switch (type) {
      case UNAVAILABLE -> response.addHeader(RetryAfter.create(RETRY_AFTER_SECONDS));
      case UNAUTHENTICATED -> response.addHeader(WWWAuthenticate.create(CHALLENGE));
      // The rest of such a body is not worth reading: what follows it on the connection is lost.
      case TOO_LARGE, REQUEST_TIMEOUT -> response.addHeader(Connection.create("close"));
      case MALFORMED_REQUEST,
          INVALID_FIELD,
          FORBIDDEN,
          NOT_FOUND,
          METHOD_NOT_ALLOWED,
          NOT_ACCEPTABLE,
          CONFLICT,
          PRECONDITION_FAILED,
          UNSUPPORTED_MEDIA_TYPE,
          MISDIRECTED,
          TOO_MANY_REQUESTS,
          INTERNAL ->
          response;
    };
  }

  /** The answer for a status that HTTP itself explains: {@code about:blank} (RFC 9457 4.2.1). */
  static HttpResponse plain(StatusCode status, String detail, String instance) {
    return document(
        status,
        new Problem("about:blank", status.reason(), status.intValue(), detail, instance, null));
  }

  static String instanceOf(HttpRequest request) {
    return request.getUri().path();
  }

  /** What a stage failed with, without what {@code CompletionStage} wraps around it. */
  static Throwable causeOf(Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static HttpResponse document(StatusCode status, Problem problem) {
    try {
      return HttpResponse.create()
          .withStatus(status)
          .withEntity(CONTENT_TYPE, JSON.writeValueAsBytes(problem));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ProblemException problemOf(Throwable thrown, HttpRequest request) {
    Throwable cause = causeOf(thrown);
    if (cause instanceof ProblemException problem) {
      return problem;
    } else if (cause instanceof Refusal refusal) {
      return new ProblemException(typeOf(refusal.kind()), refusal.field(), refusal.getMessage());
    } else if (cause instanceof EntityStreamSizeException size) {
      return new ProblemException(
          ProblemType.TOO_LARGE,
          "The body has more than the " + size.limit() + " bytes that are allowed");
    } else if (cause instanceof TimeoutException) {
      return unconfirmed(request);
    } else if (cause instanceof IllegalUriException uri) {
      return new ProblemException(ProblemType.MALFORMED_REQUEST, uri.info().summary());
    } else if (cause instanceof IllegalRequestException illegal) {
      return new ProblemException(ProblemType.MALFORMED_REQUEST, illegal.info().summary());
    } else if (cause instanceof EntityStreamException) {
      return new ProblemException(ProblemType.MALFORMED_REQUEST, "The body ended before its time");
    }
    String reference = UUID.randomUUID().toString();
    log.error(
        "management: {} {} failed, reference {}",
        request.method().value(),
        instanceOf(request),
        reference,
        cause);
    return new ProblemException(
        ProblemType.INTERNAL, "The gateway's log says why, with the reference " + reference);
  }

  /** No answer within the bound. */
  static ProblemException unconfirmed(HttpRequest request) {
    boolean reading = List.of("GET", "HEAD").contains(request.method().value());
    return new ProblemException(
        ProblemType.UNAVAILABLE,
        reading
            ? "No answer within the time allowed"
            : "The change was not confirmed within the time allowed. It may have been made, or may"
                + " still be: read the resource again before anything is concluded from this");
  }

  private static ProblemType typeOf(Refusal.Kind kind) {
    return switch (kind) {
      case INVALID -> ProblemType.INVALID_FIELD;
      case NOT_FOUND -> ProblemType.NOT_FOUND;
      case CONFLICT -> ProblemType.CONFLICT;
      case OUTDATED -> ProblemType.PRECONDITION_FAILED;
      case UNAVAILABLE -> ProblemType.UNAVAILABLE;
    };
  }
}

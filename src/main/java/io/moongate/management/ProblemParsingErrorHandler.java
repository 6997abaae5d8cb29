package io.moongate.management;

import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/**
 * Answers what is so malformed that it never becomes a request, with a problem document too. Pekko
 * HTTP looks it up by its name.
 */
public final class ProblemParsingErrorHandler extends ParsingErrorHandler {

  /** The one instance: Pekko HTTP looks for a Scala object, whose instance has this name. */
  @SuppressWarnings("MemberName")
  public static final ProblemParsingErrorHandler MODULE$ = new ProblemParsingErrorHandler();

  private ProblemParsingErrorHandler() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
    MalformedRequests.OF_PROCESS.answered(status.intValue(), error.summary());
    // The summary alone: the detail quotes what came in.
    return SecureHeaders.on(Problems.plain(status, error.summary(), null), false);
  }
}

package io.moongate.cli;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of every command that asks a gateway; they may stand before the command or after it. */
final class ApiOptions {
  /** Environment variable that names the gateways. */
  static final String ENVIRONMENT = "MOONGATE_API";

  private static final URI DEFAULT_API = URI.create("http://127.0.0.1:8080");
  private static final int DEFAULT_TIMEOUT_SECONDS = 60;

  @Option(
      names = "--api",
      paramLabel = "URL",
      converter = ApiUrl.class,
      split = ",",
      description =
          "Base URL of a gateway's HTTP API; may be repeated: the next is asked when one does not"
              + " answer. Default: MOONGATE_API, a list with commas, or else"
              + " http://127.0.0.1:8080.")
  private List<URI> apis = new ArrayList<>();

  @Mixin private ApiCredentials credentials = new ApiCredentials();

  @Option(
      names = PlainHttp.OPTION,
      description =
          "Send the token, and changes, also over plain HTTP to another host, where whoever is on"
              + " the way can read them. Default: MOONGATE_INSECURE_HTTP, true or false.")
  private boolean insecureHttp;

  @Option(names = "--json", description = "Print the answer as JSON.")
  private boolean json;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "Longest wait for an answer. Default: 60.")
  private Integer timeoutSeconds;

  /** These options, and of those that are not given here the others'. */
  ApiOptions orElse(ApiOptions others) {
    ApiOptions merged = new ApiOptions();
    merged.apis = apis.isEmpty() ? others.apis : apis;
    merged.credentials = credentials.orElse(others.credentials);
    merged.insecureHttp = insecureHttp || others.insecureHttp;
    merged.json = json || others.json;
    merged.timeoutSeconds = timeoutSeconds == null ? others.timeoutSeconds : timeoutSeconds;
    return merged;
  }

  /** Whether gateways are named here. */
  boolean named() {
    return !apis.isEmpty();
  }

  boolean json() {
    return json;
  }

  /**
   * A client of the gateways named here.
   *
   * @param environment variables of the process
   * @throws TypeConversionException when one of them or of the options has a mistake, or the token
   *     would go to another host in the clear
   */
  ApiClient client(Map<String, String> environment) {
    List<URI> urls = new ArrayList<>(apis);
    if (urls.isEmpty()) {
      for (String url : environment.getOrDefault(ENVIRONMENT, "").split(",", -1)) {
        if (!url.isBlank()) {
          urls.add(new ApiUrl().convert(url.strip()));
        }
      }
    }
    if (urls.isEmpty()) {
      urls.add(DEFAULT_API);
    }
    int seconds = timeoutSeconds == null ? DEFAULT_TIMEOUT_SECONDS : timeoutSeconds;
    if (seconds < 1) {
      throw new TypeConversionException("--timeout must be at least 1 second");
    }
    Optional<String> token = credentials.token(environment);
    boolean insecure = insecureHttp || PlainHttp.allowed(environment);
    if (token.isPresent() && !insecure) {
      for (URI url : urls) {
        if (PlainHttp.way(url) == PlainHttp.Way.IN_THE_CLEAR) {
          throw new TypeConversionException(PlainHttp.refusal(url));
        }
      }
    }
    return new ApiClient(
        urls, Duration.ofSeconds(seconds), token, credentials.tls(environment), insecure);
  }

  /** A base URL: {@code http://HOST[:PORT]}, or {@code https}. */
  static final class ApiUrl implements ITypeConverter<URI> {
    @Override
    public URI convert(String text) {
      URI url;
      try {
        url = URI.create(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("'" + text + "' is not a URL");
      }
      boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
      boolean bare = url.getPath() == null || url.getPath().isEmpty() || url.getPath().equals("/");
      if (!http || url.getHost() == null || !bare || url.getQuery() != null) {
        throw new TypeConversionException(
            "'" + text + "' is not the URL of a gateway, as http://127.0.0.1:8080");
      }
      return url;
    }
  }
}

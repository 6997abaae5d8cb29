package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.PlainHttp.Way;
import io.moongate.management.TestServer;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** What is sent to other hosts in the clear: nothing secret, unless that was said. */
class PlainHttpTest {
  /** Of a network that is nobody's (RFC 5737). */
  private static final String ELSEWHERE = "http://192.0.2.1:8080";

  private record Outcome(int code, String err) {}

  private static Outcome run(String... args) {
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            args,
            config -> 0,
            new StringReader(""),
            new PrintWriter(new StringWriter()),
            new PrintWriter(err));
    return new Outcome(code, err.toString());
  }

  @Test
  void tokenIsNotSentToAnotherHost() throws Exception {
    TestServer server = TestServer.start(); // It is what makes the token of the environment.
    try {
      for (String apis : List.of(ELSEWHERE, server.base() + "," + ELSEWHERE)) {
        Outcome outcome = run("gateway", "list", "--api", apis);
        assertEquals(2, outcome.code(), outcome.err());
        assertTrue(
            outcome.err().contains(ELSEWHERE + " is plain HTTP to another host"), outcome.err());
        assertTrue(outcome.err().contains("--insecure-http"), outcome.err());
      }
      Outcome before = run("--api", ELSEWHERE, "gateway", "list");
      assertEquals(2, before.code(), before.err());
      // Then it is, and nobody is there.
      for (String[] args :
          List.of(
              new String[] {"gateway", "list", "--insecure-http", "--api", ELSEWHERE},
              new String[] {"--insecure-http", "gateway", "list", "--api", ELSEWHERE})) {
        Outcome sent = run(args);
        assertEquals(3, sent.code(), sent.err());
      }
      assertEquals(0, run("gateway", "list", "--api", server.base().toString()).code());
    } finally {
      server.close();
    }
  }

  @Test
  void environmentSaysTheSame() {
    Map<String, String> refused = Map.of("MOONGATE_API", ELSEWHERE, "MOONGATE_TOKEN", "secret");
    String why =
        assertThrows(TypeConversionException.class, () -> new ApiOptions().client(refused))
            .getMessage();
    assertTrue(why.contains("MOONGATE_INSECURE_HTTP=true"), why);
    assertFalse(why.contains("secret"), why);
    assertEquals(
        List.of(URI.create(ELSEWHERE)),
        new ApiOptions()
            .client(
                Map.of(
                    "MOONGATE_API",
                    ELSEWHERE,
                    "MOONGATE_TOKEN",
                    "secret",
                    "MOONGATE_INSECURE_HTTP",
                    "true"))
            .apis());
    String wrong =
        assertThrows(
                TypeConversionException.class,
                () -> new ApiOptions().client(Map.of("MOONGATE_INSECURE_HTTP", "yes")))
            .getMessage();
    assertTrue(wrong.contains("'yes', expected true or false"), wrong);
  }

  /** A CHAP secret is no less secret where nobody has a token. */
  @Test
  void changesAreNotSentEither() {
    ApiClient nobody =
        new ApiClient(
            List.of(URI.create(ELSEWHERE)),
            Duration.ofSeconds(5),
            Optional.empty(),
            Optional.empty(),
            false);
    ApiException refused =
        assertThrows(ApiException.class, () -> nobody.put("/targets/x/chap", Map.of("a", "b")));
    assertEquals(Cli.FAILED, refused.exitCode());
    assertTrue(refused.getMessage().contains("--insecure-http"), refused.getMessage());
    // Whether a gateway works may be asked: nobody is there.
    assertEquals(
        Cli.UNREACHABLE, assertThrows(ApiException.class, () -> nobody.get("/health")).exitCode());
  }

  /** Those that others name are asked with the token by {@code at}, which is guarded itself. */
  @Test
  void clientOfAnotherGatewayIsGuardedToo() {
    ApiClient here =
        new ApiClient(
            List.of(URI.create("http://127.0.0.1:1")),
            Duration.ofSeconds(5),
            Optional.of("secret"),
            Optional.empty(),
            false);
    ApiClient other = here.at(URI.create(ELSEWHERE), Duration.ofSeconds(5));
    assertTrue(
        assertThrows(ApiException.class, () -> other.get("/stores"))
            .getMessage()
            .contains("Nothing was sent"));
    ApiClient unknown = here.at(URI.create("http://no-such-host.invalid"), Duration.ofSeconds(5));
    ApiException none = assertThrows(ApiException.class, () -> unknown.get("/stores"));
    assertEquals(Cli.UNREACHABLE, none.exitCode());
    assertTrue(none.getMessage().contains("unknown host"), none.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:8080",
        "http://127.0.0.3",
        "http://[::1]:8080",
        "http://localhost:8080",
        "http://0.0.0.0:8080",
        "https://192.0.2.1:8080",
        "https://no-such-host.invalid"
      })
  void whatIsHereOrEncryptedIsProtected(String url) {
    assertEquals(Way.PROTECTED, PlainHttp.way(URI.create(url)));
  }

  @ParameterizedTest
  @ValueSource(strings = {ELSEWHERE, "http://[2001:db8::1]", "http://198.51.100.7"})
  void otherAddressesAreNot(String url) {
    assertEquals(Way.IN_THE_CLEAR, PlainHttp.way(URI.create(url)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://no-such-host.invalid", "http://under_score:8080"})
  void unknownHostsAreNowhere(String url) {
    assertEquals(Way.NOWHERE, PlainHttp.way(URI.create(url)));
  }
}

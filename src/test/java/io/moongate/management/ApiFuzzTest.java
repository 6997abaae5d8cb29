package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.typesafe.config.ConfigFactory;
import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import io.moongate.security.KnownUsers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.scaladsl.model.IllegalUriException;
import org.apache.pekko.japi.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any request, by anybody: it is answered, never as the gateway's own failure, with a problem
 * document where it is refused; nobody changes what that user may not; no token comes back.
 */
class ApiFuzzTest {
  private static final List<String> METHODS =
      List.of("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS");
  private static final List<String> CREDENTIALS =
      List.of(
          "Bearer " + TestUsers.ADMIN,
          "Bearer " + TestUsers.VIEWER,
          "Bearer " + TestUsers.OPERATOR,
          "Bearer " + TestUsers.EXPIRED,
          "Bearer nobody",
          "Basic YTpi",
          "");
  private static final List<String> SEGMENTS =
      List.of(
          "gateways",
          "targets",
          "luns",
          "paths",
          "sessions",
          "operations",
          "stores",
          "volumes",
          "version",
          "health",
          "gw1",
          "iqn.2026-11.io.moongate:demo",
          "0",
          "16383",
          "-1",
          "drain",
          "undrain",
          "move",
          "resize",
          "read-only",
          "preferred",
          "snapshots",
          "rollback",
          "initiators",
          "chap",
          "mutual-chap",
          "access",
          "explicit-alua",
          "%2F",
          "..",
          "%00",
          "");
  private static final List<String> QUERIES =
      List.of("", "?force=true", "?lun=0", "?target=x&lun=1", "?store=file", "?a=%zz", "?force=x");
  private static final List<String> TEXTS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ":",
          ",",
          "null",
          "true",
          "1e999",
          "-0",
          "\"",
          "\\u0000",
          "\"name\":",
          "\"target\":",
          "\"lun\":0",
          "\"size\":1048576",
          "\"iqn.2026-11.io.moongate:demo\"",
          "\"gateway\":\"gw1\"",
          "\"gateways\":[\"gw1\",\"gw2\"]",
          "\"readOnly\":true",
          "\"user\":\"u\"",
          "\"secret\":\"a secret of some length\"",
          "\"access\":\"listed\"",
          "\"id\":",
          "\"confirm\":true",
          "\"cause\":\"x\"",
          "\"luns\":[0,1]");

  private static ActorSystem<Void> system;
  private static FakeMetadata metadata;
  private static Function<HttpRequest, CompletionStage<HttpResponse>> api;

  @BeforeAll
  static void start() {
    system = ActorSystem.create(Behaviors.empty(), "fuzz", ConfigFactory.defaultReference());
    metadata = new FakeMetadata();
    api =
        new ApiRoutes(
                system,
                new ManagementSettings(
                    "127.0.0.1",
                    0,
                    false,
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(1),
                    2048,
                    1024,
                    List.of("file", "memory")),
                metadata,
                Optional.empty(),
                new Gate(
                    TestUsers.settings(),
                    new KnownUsers(TestUsers.FILE),
                    new RefusedAttempts(Clock.systemUTC(), refused -> {}),
                    Clock.systemUTC(),
                    System::nanoTime),
                new FakeMonitoring(),
                new RequestTimes(),
                new FakeReloading())
            .all()
            .function(system);
  }

  @AfterAll
  static void stop() {
    system.terminate();
  }

  @DictionaryEntries({"/api/v1/", "luns", "targets", "snapshots", "\"name\":", "\"size\":", "%2F"})
  @FuzzTest(maxDuration = "10m")
  void fuzz(byte[] input) throws Exception {
    Script script = new Script(input);
    metadata.reset();
    int requests = 0;
    while (script.hasMore() && requests++ < 16) {
      String method = script.pick(METHODS);
      String credentials = script.pick(CREDENTIALS);
      HttpRequest request = request(script, method, credentials);
      if (request != null) {
        check(request, credentials, answer(request));
      }
    }
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(
        ApiFuzzTest.class,
        3_000,
        input -> {
          try {
            fuzz(input);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static HttpRequest request(Script script, String method, String credentials) {
    StringBuilder path = new StringBuilder("http://localhost/api/v1");
    int segments = script.below(8);
    for (int i = 0; i < segments; i++) {
      path.append('/');
      int which = script.u8();
      path.append(
          which == 0xFF
              ? new String(script.take(script.below(32)), StandardCharsets.ISO_8859_1)
              : SEGMENTS.get(which % SEGMENTS.size()));
    }
    path.append(script.pick(QUERIES));
    Uri uri;
    try {
      uri = Uri.create(path.toString());
    } catch (IllegalUriException never) {
      return null; // the server's parser refuses it before there is a request
    }
    HttpRequest request =
        HttpRequest.create().withMethod(HttpMethods.lookup(method).orElseThrow()).withUri(uri);
    if (!credentials.isEmpty()) {
      request = request.addHeader(RawHeader.create("Authorization", credentials));
    }
    if (script.below(8) == 0) {
      request = request.addHeader(RawHeader.create("Sec-Fetch-Site", "cross-site"));
    }
    if (method.equals("GET") || method.equals("HEAD")) {
      return request;
    }
    RequestEntity entity =
        script.below(8) == 0
            ? HttpEntities.create("text")
            : HttpEntities.create(ContentTypes.APPLICATION_JSON, body(script));
    return request.withEntity(entity);
  }

  private static byte[] body(Script script) {
    StringBuilder body = new StringBuilder(script.flag() ? "{" : "");
    int parts = script.below(12);
    for (int i = 0; i < parts; i++) {
      int which = script.u8();
      body.append(
          which == 0xFF
              ? new String(script.take(script.u8()), StandardCharsets.ISO_8859_1)
              : TEXTS.get(which % TEXTS.size()));
    }
    return body.append(script.flag() ? "}" : "").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static HttpResponse answer(HttpRequest request)
      throws InterruptedException, ExecutionException, TimeoutException {
    CompletionStage<HttpResponse> answer;
    try {
      answer = api.apply(request);
    } catch (Exception e) {
      throw new AssertionError(request.getUri() + " was not answered", e);
    }
    return answer.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private static void check(HttpRequest request, String credentials, HttpResponse response)
      throws Exception {
    int status = response.status().intValue();
    String what = request.method().value() + " " + request.getUri();
    String body =
        response
            .entity()
            .toStrict(5_000, system)
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS)
            .getData()
            .utf8String();
    assertTrue(status < 500 || status == 503, what + ": " + status + " " + body);
    if (status >= 400) {
      assertEquals(
          "application/problem+json",
          response.entity().getContentType().mediaType().toString(),
          what);
    }
    assertTrue(response.getHeader("X-Content-Type-Options").isPresent(), what);
    for (String token : List.of(TestUsers.ADMIN, TestUsers.OPERATOR, TestUsers.VIEWER)) {
      assertFalse(body.contains(token), what);
    }
    boolean changes =
        !request.method().equals(HttpMethods.GET) && !request.method().equals(HttpMethods.HEAD);
    boolean known =
        credentials.endsWith(TestUsers.ADMIN)
            || credentials.endsWith(TestUsers.OPERATOR)
            || credentials.endsWith(TestUsers.VIEWER);
    if (status < 300) {
      assertTrue(known || request.getUri().path().startsWith("/api/v1/health"), what);
      assertFalse(changes && credentials.endsWith(TestUsers.VIEWER), what);
      assertFalse(
          request.method().equals(HttpMethods.DELETE)
              && credentials.endsWith(TestUsers.OPERATOR)
              && request.getUri().path().matches("/api/v1/(luns|targets|gateways)/[^/]+/?"),
          what);
    }
  }
}

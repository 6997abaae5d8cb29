package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of the console over real HTTP. */
class ConsoleRoutesTest {
  private static final Path FILES = Path.of("src/main/resources/console");
  private static final Pattern REFERENCE =
      Pattern.compile("(?:from '\\./|href=\"|src=\")([a-z][a-z0-9-]*\\.[a-z]+)");
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(server.base().resolve(path));
    return server.send((headers.length == 0 ? request : request.headers(headers)).build());
  }

  static List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(FILES)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyFileIsServedWithItsTypeAndIsNotSentTwice(String name) throws Exception {
    HttpResponse<String> answer = get("/console/" + name);
    assertEquals(200, answer.statusCode());
    assertEquals(Files.readString(FILES.resolve(name)), answer.body());
    String type = answer.headers().firstValue("Content-Type").orElse("");
    assertEquals(
        switch (name.substring(name.lastIndexOf('.') + 1)) {
          case "html" -> "text/html; charset=UTF-8";
          case "css" -> "text/css; charset=UTF-8";
          case "js" -> "application/javascript; charset=UTF-8";
          case "svg" -> "image/svg+xml";
          default -> "no type for it";
        },
        type);
    assertEquals("nosniff", answer.headers().firstValue("X-Content-Type-Options").orElse(""));
    String policy = answer.headers().firstValue("Content-Security-Policy").orElse("");
    assertTrue(policy.startsWith("default-src 'self';"), policy);
    assertTrue(policy.contains("frame-ancestors 'none'"), policy);
    assertFalse(policy.contains("unsafe"), policy);
    assertEquals("no-cache", answer.headers().firstValue("Cache-Control").orElse(""));
    String tag = answer.headers().firstValue("ETag").orElseThrow();
    HttpResponse<String> again = get("/console/" + name, "If-None-Match", tag);
    assertEquals(304, again.statusCode());
    assertEquals("", again.body());
    assertEquals(200, get("/console/" + name, "If-None-Match", "\"other\"").statusCode());
  }

  @Test
  void whatTheFilesNameIsThereAndNothingIsLeftOver() throws Exception {
    Set<String> named = new TreeSet<>(List.of("index.html"));
    for (String name : files()) {
      Matcher found = REFERENCE.matcher(Files.readString(FILES.resolve(name)));
      while (found.find()) {
        named.add(found.group(1));
      }
    }
    assertEquals(new TreeSet<>(files()), named);
  }

  @Test
  void nothingInThemIsFromElsewhereNorInline() throws Exception {
    for (String name : files()) {
      String text = Files.readString(FILES.resolve(name));
      String rest =
          text.replace("http://www.w3.org/2000/svg", "").replaceAll("(?s)/\\*.*?\\*/", "");
      assertFalse(rest.contains("http://") || rest.contains("https://"), name);
      assertFalse(rest.contains("innerHTML") || rest.contains("eval("), name);
      if (name.endsWith(".html")) {
        assertFalse(rest.contains("<style") || rest.matches("(?s).*\\s(style|on\\w+)=.*"), name);
      }
      assertTrue(text.lines().count() <= 400, name + " is long");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/console"})
  void theWayLeadsToTheConsole(String path) throws Exception {
    HttpResponse<String> answer = get(path);
    assertEquals(307, answer.statusCode());
    assertEquals("/console/", answer.headers().firstValue("Location").orElse(""));
    assertEquals(get("/console/index.html").body(), get("/console/").body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/console/none.js",
        "/console/..%2Fmanagement.conf",
        "/console/%2e%2e/management.conf",
        "/console/application.conf",
        "/console/a/b.js",
        "/console/Index.html"
      })
  void whatIsNoFileOfItIsNotFound(String path) throws Exception {
    HttpResponse<String> answer =
        server.send(known(path).GET().build()); // Who is not known is not told what there is.
    assertEquals(404, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("There is no resource"), answer.body());
  }

  @Test
  void itIsReadAndNothingElse() throws Exception {
    for (String method : Arrays.asList("POST", "PUT", "DELETE")) {
      HttpRequest request =
          known("/console/").method(method, HttpRequest.BodyPublishers.noBody()).build();
      assertEquals(405, server.send(request).statusCode(), method);
    }
    HttpRequest other =
        HttpRequest.newBuilder(server.base().resolve("/console/"))
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .build();
    assertEquals(200, server.send(other).statusCode());
  }

  private static HttpRequest.Builder known(String path) {
    return HttpRequest.newBuilder(server.base().resolve(path))
        .header("Authorization", "Bearer " + TestUsers.ADMIN);
  }
}

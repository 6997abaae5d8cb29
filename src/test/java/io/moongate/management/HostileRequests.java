package io.moongate.management;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Bytes that clients should not send to an HTTP server, and some that they should. */
final class HostileRequests {
  private static final String HOST = "Host: localhost\r\n";
  private static final String KNOWN = HOST + TestServer.AUTHORIZATION;
  private static final String CLOSE = "Connection: close\r\n";
  private static final String DEMO = "iqn.2026-11.io.moongate:demo";

  private HostileRequests() {}

  /** What is well-formed: the server is to answer it with 200. */
  static final String GOOD = "GET /api/v1/version HTTP/1.1\r\n" + KNOWN + CLOSE + "\r\n";

  private static String get(String uri, String... headers) {
    StringBuilder text = new StringBuilder("GET " + uri + " HTTP/1.1\r\n" + KNOWN);
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    return text.append("\r\n").toString();
  }

  private static String post(String uri, String body, String... headers) {
    StringBuilder text = new StringBuilder("POST " + uri + " HTTP/1.1\r\n" + KNOWN);
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    return text.append("Content-Type: application/json\r\nContent-Length: ")
        .append(body.getBytes(StandardCharsets.ISO_8859_1).length)
        .append("\r\n\r\n")
        .append(body)
        .toString();
  }

  private static String chunked(String chunks) {
    return "POST /api/v1/targets HTTP/1.1\r\n"
        + KNOWN
        + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunks;
  }

  /** Lines that begin no request, or one of another protocol. */
  static final List<String> LINES =
      List.of(
          "\r\n\r\n\r\n",
          "GET  /api/v1/version HTTP/1.1\r\n" + KNOWN + "\r\n",
          "GET /api/v1/version\r\n\r\n",
          "GET /api/v1/version HTTP/9.9\r\n" + KNOWN + "\r\n",
          "GET /api/v1/version HTTP/1.1 HTTP/1.1\r\n" + KNOWN + "\r\n",
          "get /api/v1/version HTTP/1.1\r\n" + KNOWN + "\r\n",
          "GET\t/api/v1/version\tHTTP/1.1\r\n" + KNOWN + "\r\n",
          "GET\0 /api/v1/version HTTP/1.1\r\n" + KNOWN + "\r\n",
          "CONNECT gw2:8080 HTTP/1.1\r\n" + KNOWN + "\r\n",
          "OPTIONS * HTTP/1.1\r\n" + KNOWN + "\r\n",
          "TRACE /api/v1/version HTTP/1.1\r\n" + KNOWN + "\r\n",
          "X".repeat(5_000) + " / HTTP/1.1\r\n" + KNOWN + "\r\n",
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
          "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003" + "a".repeat(64),
          "SSH-2.0-OpenSSH_9.2\r\n",
          "\0".repeat(512),
          "\u00ff\u00fe".repeat(64));

  /** Targets of requests. */
  static final List<String> TARGETS =
      List.of(
          get("/api/v1/targets/%zz"),
          get("/api/v1/targets/%"),
          get("/api/v1/targets/%00"),
          get("/api/v1/targets/%c0%af"),
          get("/api/v1/targets/%ff%fe"),
          get("/api/v1/targets/\u00ff\u00fe"),
          get("/api/v1/targets/" + "a".repeat(10_000)),
          get("/api/v1/" + "x/".repeat(900)),
          get("/api/v1/../../../etc/passwd"),
          get("/api/v1/%2e%2e/%2e%2e/etc/passwd"),
          get("/console/../../../etc/passwd"),
          get("/console/%2e%2e%2fapplication.conf"),
          get("//api//v1//luns"),
          get("/api/v1/luns?limit=99999999999999999999"),
          get("/api/v1/luns?limit=-1&limit=1"),
          get("/api/v1/luns?cursor=%00%ff"),
          get("/api/v1/luns?" + "a=b&".repeat(400)),
          get("/api/v1/paths?lun=1e9"),
          get("/api/v1/events?from=+1000000000-12-31T23:59:59Z"),
          get("http://[::1/api/v1/luns"),
          get("http://elsewhere/api/v1/luns"),
          get("gopher://localhost/api/v1/luns"),
          get("/api/v1/luns#fragment"));

  /** Headers. */
  static final List<String> HEADERS =
      List.of(
          get("/api/v1/version", "X: " + "a".repeat(20_000)),
          get("/api/v1/version", "X".repeat(300) + ": a"),
          get("/api/v1/version", "X: a\r\n".repeat(300) + "Y: b"),
          get("/api/v1/version", "no colon"),
          get("/api/v1/version", " folded: a"),
          get("/api/v1/version", "na me: a"),
          get("/api/v1/version", "X: \0\u0001\u007f"),
          get("/api/v1/version", "X: \u00ff\u00fe"),
          get("/api/v1/version", "Host: elsewhere"),
          "GET /api/v1/version HTTP/1.1\r\nHost: [::1\r\n\r\n",
          "GET /api/v1/version HTTP/1.1\r\nHost: localhost:99999999\r\n\r\n",
          "GET /api/v1/version HTTP/1.1\r\nHost: a b\r\n\r\n",
          "GET /api/v1/version HTTP/1.1\r\n\r\n",
          get("/api/v1/version", "Content-Length: -1"),
          get("/api/v1/version", "Content-Length: 99999999999999999999"),
          get("/api/v1/version", "Content-Length: x"),
          get("/api/v1/version", "Content-Length: 1", "Content-Length: 2"),
          get("/api/v1/version", "Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n",
          get("/api/v1/version", "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n",
          get("/api/v1/version", "Transfer-Encoding: chunked, identity"),
          get("/api/v1/version", "Authorization: Bearer"),
          get("/api/v1/version", "Authorization: Basic %%%"),
          get("/api/v1/version", "Accept: application/json;q=nan, */*;q=-1"),
          get("/api/v1/version", "Accept: " + "a/b,".repeat(500)),
          get("/api/v1/version", "If-None-Match: \"" + "\\".repeat(100)),
          get("/api/v1/version", "If-Match: " + "\"1\",".repeat(200)),
          get("/api/v1/version", "Range: bytes=9999999999999999999-0"),
          get("/api/v1/version", "Expect: 100-continue", "Expect: 200-never"),
          get("/api/v1/version", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings"),
          get("/api/v1/version", "Upgrade: websocket", "Connection: Upgrade"),
          get("/api/v1/version", "Date: yesterday", "Cookie: a=\"; b"),
          get("/api/v1/version", "X-Forwarded-For: <script>", "X-Real-IP: ::::"),
          post("/api/v1/targets", "{}", "Content-Type: application/json; charset=utf-99"),
          post("/api/v1/targets", "{}", "Content-Encoding: gzip"));

  /** Bodies in chunks. */
  static final List<String> CHUNKS =
      List.of(
          chunked("zz\r\n{}\r\n0\r\n\r\n"),
          chunked("-2\r\n{}\r\n0\r\n\r\n"),
          chunked("FFFFFFFFFFFFFFFFF\r\n{}"),
          chunked("7FFFFFFF\r\n{}"),
          chunked("2\r\n{}0\r\n\r\n"),
          chunked("2;" + "x".repeat(5_000) + "\r\n{}\r\n0\r\n\r\n"),
          chunked("2\r\n{}\r\n0\r\nX: " + "a".repeat(20_000) + "\r\n\r\n"),
          chunked("2\r\n{}\r\n"),
          chunked("\r\n\r\n"),
          chunked("1\r\n{\r\n".repeat(500) + "0\r\n\r\n"),
          chunked("10000\r\n" + " ".repeat(0x10000) + "\r\n10000\r\n"));

  /** A body of which there is less than was said. */
  static final String HALF =
      "POST /api/v1/targets HTTP/1.1\r\n"
          + KNOWN
          + "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"name\"";

  /** Bodies. */
  static final List<String> BODIES =
      List.of(
          post("/api/v1/targets", "{".repeat(30_000)),
          post("/api/v1/targets", "[".repeat(30_000)),
          post("/api/v1/targets", "{\"name\":".repeat(5_000)),
          post("/api/v1/targets", "[".repeat(900) + "]".repeat(900)),
          post("/api/v1/targets", "{\"gateways\":" + "[".repeat(900) + "]".repeat(900) + "}"),
          post("/api/v1/targets", "{\"name\":\"" + "a".repeat(60_000) + "\"}"),
          post("/api/v1/targets", "{\"name\":\"\\ud800\"}"),
          post("/api/v1/targets", "{\"name\":\"\\u0000\"}"),
          post("/api/v1/targets", "{\"name\":\"\u00ff\u00fe\"}"),
          post("/api/v1/targets", "\u00ff\u00fe{\0}\0"),
          post("/api/v1/targets", "\u00ef\u00bb\u00bf{}"),
          post("/api/v1/targets", "{\"name\":1e999999999}"),
          post("/api/v1/targets", "null"),
          post("/api/v1/targets", ""),
          post("/api/v1/targets", "{} {}"),
          lun("1e999999999"),
          lun("-1e-999999999"),
          lun("9".repeat(5_000)),
          lun("9223372036854775808"),
          lun("0.1"),
          lun("\"1\""),
          lun("NaN"),
          post("/api/v1/luns/none/move", "{\"gateway\":[]}"),
          post("/api/v1/luns/none/resize", "{\"size\":" + "1".repeat(2_000) + "}"),
          HALF,
          post("/api/v1/targets", "{\"name\":\"" + DEMO + "\"}") + "GET / HTTP/1.1\r\n");

  private static String lun(String size) {
    return post("/api/v1/luns", "{\"target\":\"" + DEMO + "\",\"lun\":0,\"size\":" + size + "}");
  }

  /** Several requests at once. */
  static final List<String> PIPELINES =
      List.of(
          get("/api/v1/version").repeat(40),
          get("/api/v1/version") + "NONSENSE\r\n\r\n" + get("/api/v1/version"),
          post("/api/v1/targets", "{") + get("/api/v1/version"),
          chunked("2\r\n{}\r\n0\r\n\r\n") + get("/api/v1/version"));
}

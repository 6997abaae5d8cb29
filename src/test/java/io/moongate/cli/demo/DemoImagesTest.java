package io.moongate.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a check leaves in a Ceph pool, seen through a gateway that lives and one that does not. */
class DemoImagesTest {
  private static final DemoStore RBD =
      DemoStore.rbd(new DemoStore.Ceph(Path.of("ceph.conf"), "moongate", "demo", Optional.empty()));

  private final List<String> units = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger refusals = new AtomicInteger();
  private HttpServer gateway;
  private GatewayApi living;
  private GatewayApi dead;

  @BeforeEach
  void start() throws IOException {
    gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.createContext("/", this::answer);
    gateway.start();
    living = api(gateway.getAddress().getPort());
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dead = api(free.getLocalPort());
    }
  }

  @AfterEach
  void stop() {
    gateway.stop(0);
  }

  private static GatewayApi api(int port) {
    return new GatewayApi(URI.create("http://127.0.0.1:" + port), "token");
  }

  private void answer(HttpExchange exchange) throws IOException {
    int status = 200;
    String body =
        units.stream()
            .map(volume -> "{\"id\":\"%1$s\",\"volume\":\"%1$s\"}".formatted(volume))
            .collect(Collectors.joining(",", "[", "]"));
    if (exchange.getRequestMethod().equals("DELETE")) {
      boolean refused = refusals.getAndDecrement() > 0;
      status = refused ? 503 : 204;
      body = "";
      if (!refused) {
        units.remove(exchange.getRequestURI().getPath().replaceFirst(".*/", ""));
      }
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Test
  void imagesAreDeletedThroughAGatewayThatLivesOnceCephLetsThem() {
    units.addAll(List.of("a", "b"));
    refusals.set(1);
    DemoImages images = new DemoImages(RBD, () -> List.of(dead, living));
    images.delete(Deadline.after(Duration.ofSeconds(30)));
    assertEquals(List.of(), units);
    assertEquals(Optional.empty(), images.left());
  }

  @Test
  void whatCouldNotBeDeletedIsNamed() {
    units.addAll(List.of("a", "demo/b"));
    refusals.set(Integer.MAX_VALUE);
    DemoImages images = new DemoImages(RBD, () -> List.of(dead, living));
    images.delete(Deadline.after(Duration.ZERO));
    assertEquals(2, units.size());
    String left = images.left().orElseThrow();
    assertTrue(left.contains("left in the pool demo: demo/a, demo/b;"), left);
    assertTrue(left.endsWith("rbd rm demo/a; rbd rm demo/b"), left);
  }

  @Test
  void whereNobodyCanSayThePoolIsNamed() {
    for (List<GatewayApi> none : List.of(List.<GatewayApi>of(), List.of(dead))) {
      DemoImages images = new DemoImages(RBD, () -> none);
      images.delete(Deadline.after(Duration.ZERO));
      String left = images.left().orElseThrow();
      assertTrue(left.contains("rbd ls demo"), left);
    }
  }

  @Test
  void filesGoWithTheDirectory() {
    units.add("a");
    DemoImages images = new DemoImages(DemoStore.FILE, () -> List.of(living));
    images.delete(Deadline.after(Duration.ofSeconds(30)));
    assertEquals(Optional.empty(), images.left());
    assertEquals(List.of("a"), units);
  }
}

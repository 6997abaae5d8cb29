package io.moongate.multinode.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The streams of changes of one process of a gateway, which keeps what it has told. */
final class FakeStreams {
  private final List<OutputStream> open = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private int process = 1;
  private boolean resumes = true;
  private String asked = "";

  private String id(int number) {
    return "%08x-%d".formatted(process, number);
  }

  /** Begins a stream, after what the client has seen where that is known. */
  synchronized void begin(HttpExchange exchange) throws IOException {
    String last = exchange.getRequestHeaders().getFirst("Last-Event-ID");
    asked = last == null ? "" : last;
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    int after = resumes ? numberOf(asked) : told.size();
    StringBuilder text = new StringBuilder();
    text.append(event("hello", after < 0 ? told.size() : after));
    if (after < 0 && !asked.isEmpty()) {
      text.append(event("reset", told.size()));
    } else if (after >= 0) {
      told.subList(after, told.size()).forEach(text::append);
    }
    out.write(text.append(": beat\n\n").toString().getBytes(StandardCharsets.UTF_8));
    out.flush();
    open.add(out);
  }

  private int numberOf(String id) {
    for (int number = 0; number <= told.size(); number++) {
      if (id(number).equals(id)) {
        return number;
      }
    }
    return -1;
  }

  private String event(String type, int number) {
    return "event: %s\nid: %s\ndata: {\"gateway\":\"gw1\"}\n\n".formatted(type, id(number));
  }

  synchronized void tell(String type, JsonNode data) {
    String text = "event: %s\nid: %s\ndata: %s\n\n".formatted(type, id(told.size() + 1), data);
    told.add(text);
    for (Iterator<OutputStream> each = open.iterator(); each.hasNext(); ) {
      OutputStream stream = each.next();
      try {
        stream.write(text.getBytes(StandardCharsets.UTF_8));
        stream.flush();
      } catch (IOException e) {
        each.remove();
      }
    }
  }

  /** Ends all streams; what happens is seen by none before it can be asked for again. */
  synchronized void breakWhile(Runnable happening) {
    for (OutputStream stream : open) {
      try {
        stream.close();
      } catch (IOException e) {
        // It was gone already.
      }
    }
    open.clear();
    happening.run();
  }

  /** As by another process: what was told before is not known. */
  synchronized void forget() {
    open.clear();
    told.clear();
    process++;
  }

  /** From now on what clients have seen is passed over, as by a proxy that drops the header. */
  synchronized void passOver() {
    resumes = false;
  }

  /** What the last stream was asked to go on after; empty for nothing. */
  synchronized String asked() {
    return asked;
  }

  /** The id of the last event. */
  synchronized String last() {
    return id(told.size());
  }
}

package io.moongate.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Runs what clients run, before a stand-in for a gateway, so that the JVM can archive the classes
 * that this loads: the launcher's build does that.
 */
final class Rehearsal {
  private static final String GATEWAY =
      "[{\"name\":\"gw1\",\"state\":\"up\",\"service\":\"in-service\",\"portals\":[\"127.0.0.1:3260\"],"
          + "\"version\":\"1\",\"since\":\"2026-11-01T10:20:30Z\",\"observations\":[]}]";
  private static final String UNIT =
      "[{\"id\":\"unit\",\"target\":\"iqn.2026-11.io.moongate:demo\",\"lun\":0,\"phase\":\"serving\","
          + "\"owner\":\"gw1\",\"since\":\"2026-11-01T10:20:30Z\",\"size\":1048576,\"preferred\":[],"
          + "\"refusedBy\":[],\"evidence\":[],\"mappings\":[]}]";
  private static final String TARGET =
      "[{\"name\":\"iqn.2026-11.io.moongate:demo\",\"gateways\":[\"gw1\"],\"luns\":[]}]";

  private Rehearsal() {}

  public static void main(String[] args) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
      Thread answering = new Thread(() -> answer(server), "stand-in");
      answering.setDaemon(true);
      answering.start();
      String api = "--api=http://127.0.0.1:" + server.getLocalPort();
      PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
      for (String line :
          new String[] {
            "version",
            "lun list",
            "gateway list",
            "target list",
            "path list",
            "status",
            "lun --help"
          }) {
        String[] words = (line + " " + api).split(" ", -1);
        Cli.run(words, config -> 0, Reader.nullReader(), nowhere, nowhere);
      }
    }
  }

  private static void answer(ServerSocket server) {
    try {
      while (true) {
        Socket connection = server.accept();
        Thread one = new Thread(() -> answer(connection), "stand-in connection");
        one.setDaemon(true);
        one.start();
      }
    } catch (IOException closed) {
      // The rehearsal is over.
    }
  }

  private static void answer(Socket connection) {
    try (connection) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
      OutputStream out = connection.getOutputStream();
      String line = in.readLine();
      while (line != null) {
        String path = line;
        while (line != null && !line.isEmpty()) {
          line = in.readLine();
        }
        byte[] body = body(path).getBytes(StandardCharsets.US_ASCII);
        out.write(
            ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.length
                    + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
        line = in.readLine();
      }
    } catch (IOException gone) {
      // The client has what it asked for.
    }
  }

  private static String body(String request) {
    if (request.contains("/gateways")) {
      return GATEWAY;
    } else if (request.contains("/luns")) {
      return UNIT;
    } else if (request.contains("/targets")) {
      return TARGET;
    } else if (request.contains("/sessions")) {
      return "{\"sessions\":[],\"silent\":[]}";
    }
    return request.contains("/health") ? "{\"gateway\":\"gw1\",\"status\":\"up\"}" : "[]";
  }
}

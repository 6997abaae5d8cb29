package io.moongate.security;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** Two parties to TLS that talk to one another without a network. */
final class Handshake {
  private static final int ROOM = 1 << 16;

  private Handshake() {}

  /** Until each has said to the other what it has to say, or one has refused. */
  static void of(SSLEngine client, SSLEngine server) throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(ROOM);
    ByteBuffer toClient = ByteBuffer.allocate(ROOM);
    client.beginHandshake();
    server.beginHandshake();
    for (int i = 0; i < 100; i++) {
      step(client, toServer, toClient);
      step(server, toClient, toServer);
      if (done(client) && done(server) && toServer.position() == 0 && toClient.position() == 0) {
        return;
      }
    }
    throw new AssertionError("the handshake does not end");
  }

  private static boolean done(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  private static void step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
    ByteBuffer nothing = ByteBuffer.allocate(0);
    ByteBuffer heard = ByteBuffer.allocate(ROOM);
    for (int i = 0; i < 20; i++) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> {
          for (Runnable task = engine.getDelegatedTask();
              task != null;
              task = engine.getDelegatedTask()) {
            task.run();
          }
        }
        case NEED_WRAP -> engine.wrap(nothing, out);
        default -> {
          if (in.position() == 0) {
            return;
          }
          in.flip();
          engine.unwrap(in, heard);
          in.compact();
        }
      }
    }
  }
}

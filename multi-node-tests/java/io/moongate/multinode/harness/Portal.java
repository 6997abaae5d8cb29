package io.moongate.multinode.harness;

import java.net.InetSocketAddress;

/** Where a host logs in. */
public interface Portal {
  /** The gateway's name, unique within a test. */
  String name();

  InetSocketAddress portal();
}

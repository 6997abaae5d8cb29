package io.moongate.multinode.harness;

import io.moongate.cli.demo.HostProcesses;
import io.moongate.cli.demo.HostProcesses.Started;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;

/** A gateway of the test cluster: {@code gw1} on 127.0.0.1, {@code gw2} on 127.0.0.2, and so on. */
public final class TestGateway extends TestProcess {
  /** The exit status of a gateway that the cluster expelled: it is to be started anew. */
  public static final int EXPELLED = 75;

  private final HostProcesses processes;
  private final String host;
  private final Path config;
  private final Path log;
  private final ApiClient api;

  TestGateway(HostProcesses processes, int index, Path configurations, Path logs) {
    super("gw" + index);
    this.processes = processes;
    this.host = "127.0.0." + index;
    this.config = configurations.resolve(name() + ".conf");
    this.log = logs.resolve(name() + ".log");
    this.api = new ApiClient(URI.create("http://" + host + ":8080"));
  }

  @Override
  Started launch() {
    return processes.startGateway(name(), config, log);
  }

  public String host() {
    return host;
  }

  public InetSocketAddress portal() {
    return new InetSocketAddress(host, 3260);
  }

  /** As initiator tools want it. */
  public String url(String target, int lun) {
    return "iscsi://%s:3260/%s/%d".formatted(host, target, lun);
  }

  public ApiClient api() {
    return api;
  }

  boolean ready() {
    return ApiClient.ready(URI.create("http://" + host + ":8558/ready"));
  }

  @Override
  public String toString() {
    return name();
  }
}

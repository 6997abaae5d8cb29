package io.moongate.cli.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code moongate bench echo}: the server of {@code --against floor}, until it is killed. */
@Command(
    name = "echo",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "Answer with as many bytes as a target would, and do nothing else.")
public final class EchoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--host", paramLabel = "ADDRESS", required = true, description = "Where.")
  private String host;

  @Option(names = "--port", paramLabel = "PORT", required = true, description = "Where.")
  private int port;

  @Override
  public Integer call() throws IOException, InterruptedException {
    int threads = Runtime.getRuntime().availableProcessors();
    try (EchoServer server = EchoServer.start(new InetSocketAddress(host, port), threads)) {
      spec.commandLine().getOut().println("listening on " + host + ":" + server.port());
      new CountDownLatch(1).await();
    }
    return 0;
  }
}

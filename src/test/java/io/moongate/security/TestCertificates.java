package io.moongate.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Authorities and certificates of theirs, made by openssl in a directory. */
public final class TestCertificates {
  private final Path directory;

  /** Files are made there. */
  public TestCertificates(Path directory) {
    this.directory = directory;
  }

  /** A certificate and its key, of an authority or of a party. */
  public record Pair(Path certificate, Path key) {
    /** As settings name it. */
    public TlsFiles files(String setting, Path ca) {
      return new TlsFiles(
          setting, Optional.of(certificate), Optional.of(key), Optional.ofNullable(ca));
    }
  }

  /** A new authority. */
  public Pair authority(String name) throws Exception {
    Pair pair = pair(name);
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -subj /CN=" + name,
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign",
        "-keyout",
        pair.key().toString(),
        "-out",
        pair.certificate().toString());
    return pair;
  }

  /** A party's, of an authority, for loopback addresses and localhost. */
  public Pair party(String name, Pair authority) throws Exception {
    return party(name, authority, 30);
  }

  /**
   * The same, valid for so long.
   *
   * @param days -1: it was valid until yesterday
   */
  public Pair party(String name, Pair authority, int days) throws Exception {
    return party(name, authority, days, "ec -pkeyopt ec_paramgen_curve:P-256");
  }

  /** The same with a key of another kind. */
  public Pair party(String name, Pair authority, int days, String keyKind) throws Exception {
    Pair pair = pair(name);
    Path request = directory.resolve(name + ".csr");
    openssl(
        "req -newkey " + keyKind + " -noenc -subj /CN=" + name,
        "-addext",
        "subjectAltName=IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,DNS:localhost,email:"
            + name
            + "@example.com",
        "-keyout",
        pair.key().toString(),
        "-out",
        request.toString());
    openssl(
        "x509 -req -copy_extensions copy -days " + days,
        "-in",
        request.toString(),
        "-CA",
        authority.certificate().toString(),
        "-CAkey",
        authority.key().toString(),
        "-out",
        pair.certificate().toString());
    return pair;
  }

  private Pair pair(String name) {
    return new Pair(directory.resolve(name + ".pem"), directory.resolve(name + ".key"));
  }

  /** Runs openssl; options without blanks first, then whole ones. */
  public void openssl(String options, String... more) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.concat(Stream.of("openssl"), Stream.of(options.split(" ", -1))),
                Stream.of(more))
            .toList();
    run(command);
  }

  private void run(List<String> command) throws IOException, InterruptedException {
    Path log = directory.resolve("openssl.log");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new AssertionError(command + " failed: " + Files.readString(log));
    }
  }
}

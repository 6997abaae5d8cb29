package io.moongate.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Map;
import picocli.CommandLine.TypeConversionException;

/**
 * What plain HTTP may be spoken for. Whoever is on the way to another host can read it, so that
 * nothing secret is sent there unless the user says so. What goes to an address of this host never
 * leaves it.
 */
final class PlainHttp {
  static final String OPTION = "--insecure-http";

  /** Environment variable that stands for the option: {@code true} or {@code false}. */
  static final String ENVIRONMENT = "MOONGATE_INSECURE_HTTP";

  /** Where what is sent to a URL goes. */
  enum Way {
    /** It is encrypted, or does not leave this host. */
    PROTECTED,
    /** To another host, in the clear. */
    IN_THE_CLEAR,
    /** Nowhere: nobody knows the host. */
    NOWHERE
  }

  private PlainHttp() {}

  /**
   * Whether the environment allows it.
   *
   * @throws TypeConversionException when the variable is neither true nor false
   */
  static boolean allowed(Map<String, String> environment) {
    String value = environment.getOrDefault(ENVIRONMENT, "").strip();
    return switch (value) {
      case "true" -> true;
      case "false", "" -> false;
      default ->
          throw new TypeConversionException(
              "%s is '%s', expected true or false".formatted(ENVIRONMENT, value));
    };
  }

  static Way way(URI api) {
    if ("https".equals(api.getScheme())) {
      return Way.PROTECTED;
    }
    if (api.getHost() == null) {
      return Way.NOWHERE;
    }
    try {
      return isHere(InetAddress.getByName(api.getHost())) ? Way.PROTECTED : Way.IN_THE_CLEAR;
    } catch (UnknownHostException e) {
      return Way.NOWHERE;
    }
  }

  /** Whether it is a loopback address, as far as its name is known here. */
  static boolean loopback(URI api) {
    try {
      return InetAddress.getByName(api.getHost()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static boolean isHere(InetAddress address) {
    try {
      return address.isLoopbackAddress()
          || address.isAnyLocalAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (IOException e) {
      return false;
    }
  }

  /** Why nothing was sent, and what would be. */
  static String refusal(URI api) {
    return ("%s is plain HTTP to another host: whoever is on the way could read your token, and what"
            + " you send. Nothing was sent. Give an https URL, or %s (or %s=true) where nobody is"
            + " on the way")
        .formatted(api, OPTION, ENVIRONMENT);
  }
}

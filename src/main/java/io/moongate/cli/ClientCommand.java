package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** A command that asks a gateway and prints the answer. */
@Command(mixinStandardHelpOptions = true)
abstract class ClientCommand implements Callable<Integer> {
  @Mixin private ApiOptions options;
  @Spec private CommandSpec spec;

  @Override
  public final Integer call() {
    ApiClient api;
    try {
      api = effective().client(System.getenv());
    } catch (TypeConversionException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    return run(api);
  }

  /** Runs the command; answers its exit code. */
  abstract int run(ApiClient api);

  CommandSpec spec() {
    return spec;
  }

  /** Standard input. */
  BufferedReader in() {
    return cli().in();
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Prints an answer as JSON when that was asked for. */
  boolean printedAsJson(ApiClient api, JsonNode answer) {
    if (effective().json()) {
      out().println(api.pretty(answer));
      return true;
    }
    return false;
  }

  /** Prints a line, unless JSON was asked for. */
  void say(String line) {
    if (!effective().json()) {
      out().println(line);
    }
  }

  /** Asks whether to go on with what can't be undone. */
  void confirm(String loss) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(loss);
    err.print("Type yes to go on: ");
    err.flush();
    String line;
    try {
      line = cli().in().readLine();
    } catch (IOException e) {
      line = null;
    }
    if (line == null) {
      err.println();
    }
    if (line == null || !line.strip().equals("yes")) {
      throw ApiException.refused("Not confirmed; nothing was changed");
    }
  }

  /** A query of the parameters that have a value; name and value by turns. */
  static String query(Object... namesAndValues) {
    StringJoiner query = new StringJoiner("&", "?", "").setEmptyValue("");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (namesAndValues[i + 1] != null) {
        query.add(namesAndValues[i] + "=" + ApiClient.encode(namesAndValues[i + 1].toString()));
      }
    }
    return query.toString();
  }

  static String orDash(Object value) {
    return value == null || value.toString().isEmpty() ? "-" : value.toString();
  }

  static String joined(List<String> values) {
    return values.isEmpty() ? "-" : String.join(",", values);
  }

  private ApiOptions effective() {
    return options.orElse(cli().options());
  }

  private Cli cli() {
    return (Cli) spec.root().userObject();
  }
}

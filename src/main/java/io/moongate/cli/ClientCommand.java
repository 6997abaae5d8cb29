package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
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
  @Mixin private OutputOptions output;
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

  /** Whether the user has named gateways. */
  boolean apiNamed() {
    return effective().named() || System.getenv(ApiOptions.ENVIRONMENT) != null;
  }

  /** What looks a host over. */
  Doctor doctor() {
    return cli().doctor();
  }

  /** Standard input. */
  BufferedReader in() {
    return cli().in();
  }

  /** Where answers are printed; nowhere when the command is to be quiet. */
  PrintWriter out() {
    return quiet() ? new PrintWriter(Writer.nullWriter()) : spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  Terminal terminal() {
    return cli().terminal();
  }

  boolean quiet() {
    return output.or(cli().output()).quiet();
  }

  boolean json() {
    return effective().json();
  }

  /** Prints a table as the terminal and the options want it. */
  void show(Table table) {
    table.print(out(), !output.or(cli().output()).noHeader(), terminal().columns());
  }

  /**
   * How far long work has come, told on the error output.
   *
   * @param what is done
   * @param goesOn what is so when this command is interrupted
   */
  Progress progress(String what, String goesOn) {
    return new Progress(terminal(), quiet() ? null : err(), what, goesOn);
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

  /** Says what was done, to which the gateway had nothing to answer. */
  void done(String what) {
    if (json()) {
      out().println(JsonNodeFactory.instance.objectNode().put("done", what).toPrettyString());
    } else {
      out().println(what);
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

package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moongate.cli.ConfigurationPlan.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/** A plan of what to restore as it is carried out: how far it came, and what is missing. */
final class ConfigurationImport implements ConfigurationPlan.Missing {

  /** What became of a step. */
  enum State {
    PLANNED("would do"),
    DONE("done"),
    FAILED("failed"),
    LEFT_OUT("left out");

    private final String inWords;

    State(String inWords) {
      this.inWords = inWords;
    }
  }

  private static final String REPEAT = "What was done stays: go on by --merge";

  private final ConfigurationPlan plan;
  private final List<State> states = new ArrayList<>();
  private final Set<String> missing;
  private final List<String> leftOut;

  ConfigurationImport(ConfigurationPlan plan) {
    this.plan = plan;
    plan.steps().forEach(step -> states.add(State.PLANNED));
    missing = new HashSet<>(plan.missing());
    leftOut = new ArrayList<>(plan.leftOut());
  }

  /**
   * Asks the API for every step in order. One that is refused is left out with those that need it,
   * and the others go on.
   *
   * @param said told of each
   * @throws ApiException of the first step of which no gateway answers, which it names
   */
  void run(ApiClient api, Consumer<String> said) {
    for (int at = 0; at < states.size(); at++) {
      Step step = plan.steps().get(at);
      states.set(at, run(api, step));
      if (states.get(at) != State.DONE) {
        missing.add(step.gives());
      }
      said.accept(line(at));
    }
  }

  private State run(ApiClient api, Step step) {
    for (String need : step.needs()) {
      if (missing.contains(need)) {
        leaveOut(step.what() + ": it needs " + need);
        return State.LEFT_OUT;
      }
    }
    try {
      step.action().run(api, this);
      return State.DONE;
    } catch (ApiException e) {
      if (e.exitCode() == Cli.UNREACHABLE) {
        requireGateway(api, step, e);
      }
      leaveOut(step.what() + ": " + e.getMessage());
      return State.FAILED;
    }
  }

  /** An answer that came too late is of one step; without a gateway there is no other. */
  private void requireGateway(ApiClient api, Step step, ApiException failure) {
    try {
      api.get("/gateways");
    } catch (ApiException e) {
      states.set(plan.steps().indexOf(step), State.FAILED);
      throw failure.inStep(step.what(), REPEAT);
    }
  }

  @Override
  public boolean has(String name) {
    return missing.contains(name);
  }

  @Override
  public void leaveOut(String what) {
    leftOut.add(what);
  }

  /** What is not restored so far, for people. */
  List<String> leftOut() {
    return List.copyOf(leftOut);
  }

  /** Every step with what became of it. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int at = 0; at < states.size(); at++) {
      lines.add(line(at));
    }
    return lines;
  }

  private String line(int step) {
    return states.get(step).inWords + ": " + plan.steps().get(step).what();
  }

  /** All but what is sent, which has secrets in it. */
  JsonNode json(boolean dryRun) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("dryRun", dryRun);
    json.put("done", states.stream().allMatch(state -> state == State.DONE));
    ArrayNode steps = json.putArray("steps");
    for (int at = 0; at < states.size(); at++) {
      steps
          .addObject()
          .put("what", plan.steps().get(at).what())
          .put("state", states.get(at).name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    ArrayNode all = json.putArray("leftOut");
    leftOut.forEach(all::add);
    ArrayNode notes = json.putArray("notes");
    plan.notes().forEach(notes::add);
    return json;
  }
}

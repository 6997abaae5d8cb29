package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moongate.cli.ConfigurationPlan.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** A plan of what to restore as it is carried out: how far it came. */
final class ConfigurationImport {

  /** What became of a step. */
  enum State {
    PLANNED("would do"),
    DONE("done"),
    FAILED("failed");

    private final String inWords;

    State(String inWords) {
      this.inWords = inWords;
    }
  }

  private static final String REPEAT = "What was done stays: repeat the import";

  private final ConfigurationPlan plan;
  private final List<State> states = new ArrayList<>();

  ConfigurationImport(ConfigurationPlan plan) {
    this.plan = plan;
    plan.steps().forEach(step -> states.add(State.PLANNED));
  }

  /**
   * Asks the API for every step in order.
   *
   * @param said told of each
   * @throws ApiException of the first step that fails, which it names
   */
  void run(ApiClient api, Consumer<String> said) {
    for (int at = 0; at < states.size(); at++) {
      Step step = plan.steps().get(at);
      try {
        step.action().run(api);
        states.set(at, State.DONE);
      } catch (ApiException e) {
        states.set(at, State.FAILED);
        throw e.inStep(step.what(), REPEAT);
      }
      said.accept(line(at));
    }
  }

  int steps() {
    return states.size();
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
          .put("state", states.get(at).name().toLowerCase(Locale.ROOT));
    }
    ArrayNode leftOut = json.putArray("leftOut");
    plan.leftOut().forEach(leftOut::add);
    ArrayNode notes = json.putArray("notes");
    plan.notes().forEach(notes::add);
    return json;
  }
}

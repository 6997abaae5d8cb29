package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** A plan as it is carried out, step by step: how far it came. */
final class CephIscsiImport {

  /** What became of a step. */
  enum State {
    PLANNED("would do"),
    DONE("done"),
    /** A target that is in use is not closed. */
    SKIPPED("not done, it has LUNs"),
    FAILED("failed");

    private final String inWords;

    State(String inWords) {
      this.inWords = inWords;
    }
  }

  private static final String REPEAT = "What was done stays: repeat the import";

  private final CephIscsiPlan plan;
  private final List<State> states = new ArrayList<>();

  CephIscsiImport(CephIscsiPlan plan) {
    this.plan = plan;
    plan.steps().forEach(step -> states.add(State.PLANNED));
  }

  /**
   * Asks the API for every step in order.
   *
   * @param said told of each step
   * @throws ApiException of the first step that fails, which it names
   */
  void run(ApiClient api, Consumer<String> said) {
    for (int i = 0; i < states.size(); i++) {
      CephIscsiPlan.Step step = plan.steps().get(i);
      try {
        states.set(i, run(api, step));
      } catch (ApiException e) {
        states.set(i, State.FAILED);
        throw e.inStep(step.what(), REPEAT);
      }
      said.accept(line(i));
    }
  }

  int steps() {
    return states.size();
  }

  /** Every step with what became of it. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < states.size(); i++) {
      lines.add(line(i));
    }
    return lines;
  }

  private String line(int step) {
    return states.get(step).inWords + ": " + plan.steps().get(step).what();
  }

  private static State run(ApiClient api, CephIscsiPlan.Step step) {
    if (step.onlyWhileEmpty().isPresent() && hasLuns(api, step.onlyWhileEmpty().get())) {
      return State.SKIPPED;
    }
    if (step.creates()) {
      api.post(step.path(), step.body());
    } else {
      api.put(step.path(), step.body());
    }
    return State.DONE;
  }

  private static boolean hasLuns(ApiClient api, String target) {
    try {
      return !api.get(target).path("luns").isEmpty();
    } catch (ApiException e) {
      if (e.status() == 404) {
        return false;
      }
      throw e;
    }
  }

  /** All but what is sent, which has secrets in it. */
  JsonNode json(boolean dryRun) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("dryRun", dryRun);
    json.put(
        "done", states.stream().allMatch(state -> state == State.DONE || state == State.SKIPPED));
    ArrayNode steps = json.putArray("steps");
    for (int i = 0; i < states.size(); i++) {
      CephIscsiPlan.Step step = plan.steps().get(i);
      steps
          .addObject()
          .put("what", step.what())
          .put("method", step.creates() ? "POST" : "PUT")
          .put("path", step.path())
          .put("state", states.get(i).name().toLowerCase(Locale.ROOT));
    }
    ArrayNode notes = json.putArray("notes");
    plan.notes().forEach(notes::add);
    return json;
  }
}

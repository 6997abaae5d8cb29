package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.cli.status.Answer;
import io.moongate.cli.status.Look;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Operation;
import io.moongate.management.api.Path;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.Store;
import io.moongate.management.api.Target;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Asks a gateway for the cluster, and then every gateway for itself, all at once. */
final class ClusterLook {
  /** Of a gateway that is asked for itself: it is to answer from what it knows. */
  private static final Duration OWN_WORD = Duration.ofSeconds(5);

  private static final int THREADS = 8;

  /** Paths beyond which they are not looked at one by one. */
  private static final int MOST_PATHS = 20_000;

  private final ApiClient api;

  ClusterLook(ApiClient api) {
    this.api = api;
  }

  /**
   * Looks once.
   *
   * @throws ApiException when no gateway answers
   */
  Look take() {
    List<String> silent = new ArrayList<>();
    URI asked = null;
    JsonNode gateways = null;
    for (URI each : api.apis()) {
      try {
        gateways = api.only(each).get("/gateways");
        asked = each;
        break;
      } catch (ApiException e) {
        if (e.exitCode() != Cli.UNREACHABLE) {
          throw e;
        }
        silent.add(e.getMessage());
      }
    }
    if (asked == null) {
      throw ApiException.unreachable(String.join("; ", silent));
    }
    return take(api.only(asked), asked, silent, api.asList(gateways, Gateway.class));
  }

  private Look take(ApiClient one, URI asked, List<String> silent, List<Gateway> gateways) {
    Instant at = Instant.now();
    List<Target> targets = one.asList(one.get("/targets"), Target.class);
    List<LogicalUnit> units = Look.once(one.asList(one.get("/luns"), LogicalUnit.class));
    long paths =
        targets.stream()
            .mapToLong(each -> (long) each.luns().size() * each.gateways().size())
            .sum();
    return new Look(
        at,
        asked.toString(),
        silent,
        gateways,
        targets,
        units,
        paths > MOST_PATHS
            ? Optional.empty()
            : Optional.of(one.asList(one.get("/paths"), Path.class)),
        one.asList(one.get("/operations"), Operation.class),
        one.as(one.get("/sessions"), Sessions.class),
        answers(one, gateways));
  }

  private Map<String, Answer> answers(ApiClient one, List<Gateway> gateways) {
    ExecutorService threads =
        Executors.newFixedThreadPool(
            THREADS,
            work -> {
              Thread thread = new Thread(work, "status");
              thread.setDaemon(true);
              return thread;
            });
    try {
      // The gateway that was asked is known by its own word, whatever address it has for itself.
      JsonNode health = one.get("/health");
      String own = health.path("gateway").asText();
      Map<String, CompletableFuture<Answer>> coming = new LinkedHashMap<>();
      for (Gateway gateway : gateways) {
        boolean up = gateway.state().equals("up") && gateway.api() != null;
        coming.put(
            gateway.name(),
            CompletableFuture.supplyAsync(
                () ->
                    up
                        ? gateway.name().equals(own) ? answer(one, health) : answer(gateway)
                        : Answer.without(Answer.Kind.NOT_ASKED, ""),
                threads));
      }
      Map<String, Answer> answers = new LinkedHashMap<>();
      coming.forEach((name, answer) -> answers.put(name, answer.join()));
      return answers;
    } finally {
      threads.shutdownNow();
    }
  }

  private Answer answer(Gateway gateway) {
    URI url = URI.create(gateway.api());
    try {
      JsonNode health = api.anonymous(url, OWN_WORD).get("/health");
      String name = health.path("gateway").asText();
      if (name.equals(gateway.name())) {
        return api.mayTrust(url)
            ? answer(api.at(url, OWN_WORD), health)
            : answer(health, List.of());
      }
      return unheard(url, url + " is answered by gateway " + name);
    } catch (ApiException e) {
      return unheard(url, e.getMessage());
    }
  }

  /** Its loopback is not that of this host, unless it runs here. */
  private static Answer unheard(URI url, String why) {
    return PlainHttp.loopback(url)
        ? Answer.without(Answer.Kind.ELSEWHERE, "")
        : Answer.without(Answer.Kind.SILENT, why);
  }

  private static Answer answer(ApiClient its, JsonNode health) {
    List<Store> stores;
    try {
      stores = its.asList(its.get("/stores"), Store.class);
    } catch (ApiException e) {
      return Answer.without(Answer.Kind.SILENT, e.getMessage());
    }
    return answer(health, stores);
  }

  private static Answer answer(JsonNode health, List<Store> stores) {
    List<Answer.Check> checks = new ArrayList<>();
    for (JsonNode check : health.path("checks")) {
      checks.add(
          new Answer.Check(
              check.path("name").asText(),
              check.path("state").asText(null),
              check.path("detail").asText(null)));
    }
    return new Answer(Answer.Kind.ANSWERS, "", health.path("status").asText("up"), checks, stores);
  }
}

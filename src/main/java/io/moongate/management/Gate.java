package io.moongate.management;

import io.moongate.management.api.Whoami;
import io.moongate.security.KnownUsers;
import io.moongate.security.Role;
import io.moongate.security.User;
import io.moongate.security.Users;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Allow;
import org.apache.pekko.http.javadsl.model.headers.RetryAfter;

/**
 * Lets requests in or not, before anything of them is carried out: who sends it ({@link
 * Credentials}), how often, and whether that user's role is enough for it ({@link Permissions}).
 *
 * <p>A request with a good token is let in however many failed from its address: tokens can't be
 * guessed, and nobody may shut others out by failing. What the limit of failures bounds is what
 * those cost.
 */
final class Gate {
  /** Who sent a request that was let in; absent where anyone may. */
  private static final AttributeKey<User> USER =
      AttributeKey.create("io.moongate.management.user", User.class);

  /** By what. */
  private static final AttributeKey<Credentials> SHOWN =
      AttributeKey.create("io.moongate.management.shown", Credentials.class);

  private static final int ADDRESSES = 4096;
  private static final int USERS = 4096;

  /** What a browser says of a request that a page of another site makes. */
  private static final Set<String> FOREIGN_SITES = Set.of("cross-site", "same-site");

  private final SecuritySettings settings;
  private final KnownUsers users;
  private final RefusedAttempts attempts;
  private final Clock clock;
  private final TokenBuckets failures;
  private final TokenBuckets requests;

  /** What becomes of a request. */
  sealed interface Decision permits Admitted, Refused {}

  /**
   * It is let in.
   *
   * @param request the same, with who sends it
   */
  record Admitted(HttpRequest request) implements Decision {}

  /**
   * It is not.
   *
   * @param delay for which the answer is kept back
   */
  record Refused(HttpResponse response, Duration delay) implements Decision {}

  Gate(
      SecuritySettings settings,
      KnownUsers users,
      RefusedAttempts attempts,
      Clock clock,
      LongSupplier nanoTime) {
    this.settings = settings;
    this.users = users;
    this.attempts = attempts;
    this.clock = clock;
    this.failures =
        new TokenBuckets(settings.failuresPerMinute(), Duration.ofMinutes(1), ADDRESSES, nanoTime);
    this.requests =
        new TokenBuckets(2 * settings.requestsPerSecond(), Duration.ofSeconds(2), USERS, nanoTime);
  }

  /** Whether connections are encrypted. */
  boolean tls() {
    return settings.tls().isPresent();
  }

  /** Name of who sent a request that was let in; empty where anyone may. */
  static String user(HttpRequest request) {
    return request.getAttribute(USER).map(User::name).orElse("");
  }

  /**
   * Whether who sent a request that was let in would still be, as the same user of the same role.
   * For what goes on for longer than a request: users are put out, and tokens expire.
   */
  boolean stands(HttpRequest request) {
    Users.Attempt now =
        request.getAttribute(SHOWN).orElseThrow().attempt(users.now(), clock.instant());
    return now.admitted() && now.user().equals(request.getAttribute(USER));
  }

  /** The same with the role of that user. */
  static Whoami whoami(HttpRequest request) {
    User user = request.getAttribute(USER).orElseThrow();
    return new Whoami(user.name(), user.role().inWords());
  }

  /** Refuses what its body makes a matter for administrators. */
  static void requireAdmin(HttpRequest request, String what) {
    User user = request.getAttribute(USER).orElseThrow();
    if (!user.role().includes(Role.ADMIN)) {
      throw new ProblemException(
          ProblemType.FORBIDDEN,
          "%s needs the role admin, and %s is %s"
              .formatted(what, user.name(), user.role().inWords()));
    }
  }

  /** Lets a request in, or not. */
  Decision decide(HttpRequest request) {
    Optional<Permissions.Resource> resource = Permissions.at(request.getUri().pathSegments());
    Optional<Permissions.Need> need =
        resource.flatMap(found -> found.need(request.method().value()));
    if (need.equals(Optional.of(Permissions.Need.NOBODY))) {
      return new Admitted(request);
    }
    Users known = users.now();
    Credentials shown = Credentials.of(request);
    Users.Attempt attempt = shown.attempt(known, clock.instant());
    if (!attempt.admitted()) {
      return unauthenticated(request, attempt, known.isEmpty());
    }
    User user = attempt.user().orElseThrow();
    Duration wait = requests.take(user.name());
    if (!wait.isZero()) {
      return tooMany(
          request,
          user.name(),
          "More than %d requests a second of %s"
              .formatted(settings.requestsPerSecond(), user.name()),
          wait);
    }
    return resource
        .<Decision>map(found -> authorized(request.addAttribute(SHOWN, shown), user, found, need))
        .orElseGet(() -> noResource(request));
  }

  private Decision authorized(
      HttpRequest request,
      User user,
      Permissions.Resource resource,
      Optional<Permissions.Need> need) {
    if (need.isEmpty()) {
      return methodNotAllowed(request, resource);
    } else if (!need.get().metBy(user.role())) {
      return forbidden(
          request,
          user,
          "This needs the role %s, and %s is %s"
              .formatted(need.get().inWords(), user.name(), user.role().inWords()));
    } else if (changes(request.method()) && fromOtherSite(request)) {
      return forbidden(request, user, "A page of another site may not change anything");
    }
    return new Admitted(request.addAttribute(USER, user));
  }

  private Decision unauthenticated(HttpRequest request, Users.Attempt attempt, boolean locked) {
    String user = attempt.user().map(User::name).orElse("");
    String why = attempt.refusal().orElseThrow();
    if (locked) {
      tell(request, user, "no user is known");
      return refused(
          request,
          ProblemType.UNAUTHENTICATED,
          "This API is locked: no user is known to it. On the gateway's host, as its user: moongate"
              + " token create --user NAME --role admin --file FILE, with the file that"
              + " moongate.management.users-file names. When there is one, the gateway's log says"
              + " what is wrong with it");
    }
    if (attempt.equals(Credentials.NONE)) {
      tell(request, user, why);
      return refused(
          request,
          ProblemType.UNAUTHENTICATED,
          "Who asks? Expected the header Authorization: Bearer TOKEN"
              + (tls() ? ", or a client certificate" : ""));
    }
    Duration wait = failures.take(Addresses.group(request));
    if (!wait.isZero()) {
      return tooMany(request, user, "Too many failed attempts from this address", wait);
    }
    tell(request, user, why);
    HttpResponse response =
        Problems.response(
            new ProblemException(
                ProblemType.UNAUTHENTICATED,
                "Authorization",
                Character.toUpperCase(why.charAt(0)) + why.substring(1)),
            Problems.instanceOf(request));
    return new Refused(response, settings.failureDelay());
  }

  private Decision tooMany(HttpRequest request, String user, String why, Duration wait) {
    tell(request, user, why);
    return new Refused(
        Problems.response(
                new ProblemException(ProblemType.TOO_MANY_REQUESTS, why),
                Problems.instanceOf(request))
            .addHeader(RetryAfter.create(wait.toSeconds() + 1)),
        Duration.ZERO);
  }

  private Decision forbidden(HttpRequest request, User user, String why) {
    tell(request, user.name(), why);
    return refused(request, ProblemType.FORBIDDEN, why);
  }

  private static Decision noResource(HttpRequest request) {
    return refused(
        request, ProblemType.NOT_FOUND, "There is no resource " + Problems.instanceOf(request));
  }

  private static Decision methodNotAllowed(HttpRequest request, Permissions.Resource resource) {
    String names = String.join(", ", resource.methods());
    HttpMethod[] methods =
        resource.methods().stream()
            .map(name -> HttpMethods.lookup(name).orElseThrow())
            .toArray(HttpMethod[]::new);
    return new Refused(
        Problems.response(
                new ProblemException(ProblemType.METHOD_NOT_ALLOWED, "Allowed here: " + names),
                Problems.instanceOf(request))
            .addHeader(Allow.create(methods)),
        Duration.ZERO);
  }

  private static Decision refused(HttpRequest request, ProblemType type, String why) {
    return new Refused(
        Problems.response(new ProblemException(type, why), Problems.instanceOf(request)),
        Duration.ZERO);
  }

  private void tell(HttpRequest request, String user, String why) {
    attempts.refused(
        user, Addresses.of(request), request.method().value(), Problems.instanceOf(request), why);
  }

  private static boolean changes(HttpMethod method) {
    return !method.equals(HttpMethods.GET) && !method.equals(HttpMethods.HEAD);
  }

  private static boolean fromOtherSite(HttpRequest request) {
    return request
        .getHeader("Sec-Fetch-Site")
        .map(HttpHeader::value)
        .filter(FOREIGN_SITES::contains)
        .isPresent();
  }
}

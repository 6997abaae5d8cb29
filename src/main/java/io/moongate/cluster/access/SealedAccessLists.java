package io.moongate.cluster.access;

import static io.moongate.cluster.Refusals.cause;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.access.ChapSecrets.Purpose;
import io.moongate.cluster.target.AccessChange;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * {@link AccessLists} over the entities, which never see a secret in clear. So what depends on one
 * is judged here: whether it is the one that is set already, and whether both ends would have the
 * same. Such a change names the version of the target that it was judged by, and is judged again
 * when that was not the newest.
 */
public final class SealedAccessLists implements AccessLists {
  private static final int ATTEMPTS = 8;

  private final ChapSecrets secrets;
  private final Entities entities;

  /** How target entities are asked. */
  public interface Entities {
    /** Fails with a {@link Refusal}. */
    CompletionStage<TargetEntry> ask(
        String target, Function<ActorRef<Answer>, Target.Command> command);
  }

  public SealedAccessLists(ChapSecrets secrets, Entities entities) {
    this.secrets = secrets;
    this.entities = entities;
  }

  @Override
  public CompletionStage<TargetEntry> allow(String target, String initiator, Wanted wanted) {
    return judged(
        target,
        now -> {
          Optional<ChapEntry> chap = Optional.empty();
          if (wanted.chap().isPresent()) {
            Purpose purpose = Purpose.initiator(target, initiator);
            requireOther("chap.secret", now, wanted.chap().get());
            chap =
                Optional.of(
                    sealed(
                        "chap.secret",
                        purpose,
                        wanted.chap().get(),
                        now.access().of(initiator).flatMap(InitiatorEntry::chap)));
          }
          return new AccessChange.InitiatorAllowed(
              initiator, new InitiatorEntry(chap, wanted.luns(), wanted.remark()));
        },
        ATTEMPTS);
  }

  @Override
  public CompletionStage<TargetEntry> remove(String target, String initiator) {
    return change(target, new AccessChange.InitiatorRemoved(initiator));
  }

  @Override
  public CompletionStage<TargetEntry> chap(String target, Optional<ChapCredentials> chap) {
    if (chap.isEmpty()) {
      return change(target, new AccessChange.ChapSet(Optional.empty()));
    }
    return judged(
        target,
        now -> {
          requireOther("secret", now, chap.get());
          return new AccessChange.ChapSet(
              Optional.of(
                  sealed(
                      "secret", Purpose.everyInitiator(target), chap.get(), now.access().chap())));
        },
        ATTEMPTS);
  }

  @Override
  public CompletionStage<TargetEntry> mutualChap(String target, Optional<ChapCredentials> chap) {
    if (chap.isEmpty()) {
      return change(target, new AccessChange.MutualChapSet(Optional.empty()));
    }
    return judged(
        target,
        now -> {
          requireOtherThanInitiators(now, chap.get());
          return new AccessChange.MutualChapSet(
              Optional.of(
                  sealed("secret", Purpose.target(target), chap.get(), now.access().mutualChap())));
        },
        ATTEMPTS);
  }

  @Override
  public CompletionStage<TargetEntry> mode(String target, TargetAccess.Mode mode) {
    return change(target, new AccessChange.ModeSet(mode));
  }

  private CompletionStage<TargetEntry> change(String target, AccessChange change) {
    return entities.ask(
        target, replyTo -> new Target.ChangeAccess(change, OptionalLong.empty(), replyTo));
  }

  /**
   * A change that is judged by the target as it is: again, when it has become another meanwhile.
   */
  private CompletionStage<TargetEntry> judged(
      String target, Function<TargetEntry, AccessChange> judge, int attempts) {
    return entities
        .ask(target, Target.Get::new)
        .thenCompose(
            now -> {
              if (now.deleted()) {
                throw new Refusal(Kind.NOT_FOUND, "target", "there is no target " + target);
              }
              AccessChange change = judge.apply(now);
              return entities
                  .ask(
                      target,
                      replyTo ->
                          new Target.ChangeAccess(change, OptionalLong.of(now.version()), replyTo))
                  .exceptionallyCompose(
                      failure -> again(target, judge, attempts - 1, now.version(), failure));
            });
  }

  private CompletionStage<TargetEntry> again(
      String target,
      Function<TargetEntry, AccessChange> judge,
      int attempts,
      long version,
      Throwable failure) {
    boolean conflict = cause(failure) instanceof Refusal refusal && refusal.kind() == Kind.CONFLICT;
    if (!conflict || attempts <= 0) {
      return CompletableFuture.failedStage(cause(failure));
    }
    return entities
        .ask(target, Target.Get::new)
        .thenCompose(
            now ->
                now.version() == version
                    ? CompletableFuture.failedStage(cause(failure))
                    : judged(target, judge, attempts));
  }

  /** The same ciphertext when the secret is the one that is set: so nothing is changed by it. */
  private ChapEntry sealed(
      String field, Purpose purpose, ChapCredentials wanted, Optional<ChapEntry> now) {
    if (wanted.secret().isEmpty()) {
      return new ChapEntry(
          wanted.user(),
          now.map(ChapEntry::sealed)
              .orElseThrow(
                  () -> new Refusal(Kind.INVALID, field, field + " is required: none is set yet")));
    }
    String secret = wanted.secret().get();
    ChapSecrets.fault(secret)
        .ifPresent(
            fault -> {
              throw new Refusal(Kind.INVALID, field, field + " " + fault);
            });
    if (now.filter(entry -> isSecret(purpose, entry, secret)).isPresent()) {
      return new ChapEntry(wanted.user(), now.get().sealed());
    }
    try {
      return new ChapEntry(wanted.user(), secrets.seal(purpose, secret));
    } catch (ChapSecrets.Unavailable noKey) {
      throw new Refusal(Kind.CONFLICT, field, noKey.getMessage());
    }
  }

  /** An initiator's secret is not the target's (RFC 7143 section 9.2.1). */
  private void requireOther(String field, TargetEntry now, ChapCredentials wanted) {
    if (wanted.secret().isPresent()
        && now.access()
            .mutualChap()
            .filter(entry -> isSecret(Purpose.target(now.name()), entry, wanted.secret().get()))
            .isPresent()) {
      throw new Refusal(
          Kind.INVALID,
          field,
          field + " must be another than the target's own of its mutual CHAP (RFC 7143)");
    }
  }

  private void requireOtherThanInitiators(TargetEntry now, ChapCredentials wanted) {
    if (wanted.secret().isEmpty()) {
      return;
    }
    String secret = wanted.secret().get();
    boolean same =
        now.access()
            .chap()
            .filter(entry -> isSecret(Purpose.everyInitiator(now.name()), entry, secret))
            .isPresent();
    for (Map.Entry<String, InitiatorEntry> one : now.access().initiators().entrySet()) {
      Purpose purpose = Purpose.initiator(now.name(), one.getKey());
      same |= one.getValue().chap().filter(entry -> isSecret(purpose, entry, secret)).isPresent();
    }
    if (same) {
      throw new Refusal(
          Kind.INVALID,
          "secret",
          "secret must be another than that of any initiator of the target (RFC 7143)");
    }
  }

  /** One that can't be decrypted here lets nobody log in, and so is the same as none. */
  private boolean isSecret(Purpose purpose, ChapEntry entry, String secret) {
    try {
      return secrets.open(purpose, entry.sealed()).equals(secret);
    } catch (ChapSecrets.Unavailable unreadable) {
      return false;
    }
  }
}

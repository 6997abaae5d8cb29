package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.Chap;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.SetAccess;
import io.moongate.management.api.SetChap;
import io.moongate.management.api.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Who may log in to a target: the commands of {@code target} about it. */
final class TargetAccessCommands {
  private TargetAccessCommands() {}

  private static String path(TargetName target, String initiator) {
    return target.path() + "/initiators/" + ApiClient.encode(initiator);
  }

  /** The access list of a target. */
  static List<Initiator> list(ApiClient api, TargetName target) {
    return api.asList(api.get(target.path() + "/initiators"), Initiator.class);
  }

  /** Prints who may log in to a target. */
  static void print(ClientCommand command, Target target, List<Initiator> initiators) {
    command.say("access    " + ClientCommand.orDash(target.access()));
    command.say("chap      " + text(target.chap()));
    command.say("mutual    " + text(target.mutualChap()));
    command.show(table(initiators));
  }

  private static Table table(List<Initiator> initiators) {
    Table table = new Table("INITIATOR", "CHAP", "LUNS", "REMARK");
    initiators.forEach(
        initiator ->
            table.row(
                initiator.initiator(),
                initiator.chap() == null ? null : initiator.chap().user(),
                LunMask.text(initiator.luns()),
                initiator.remark()));
    return table;
  }

  private static String text(Chap chap) {
    return chap == null ? "-" : chap.user() + ", secret " + chap.secret();
  }

  /** Asks before hosts are cut off. */
  private static void confirmCut(
      ClientCommand command, ApiClient api, TargetName target, Predicate<String> initiators) {
    Sessions sessions = api.as(api.get("/sessions"), Sessions.class);
    long cut =
        sessions.sessions().stream()
            .filter(session -> target.name().equals(session.target()))
            .filter(session -> initiators.test(session.initiator()))
            .count();
    if (cut > 0 || !sessions.silent().isEmpty()) {
      command.confirm(
          cut
              + " sessions of initiators that may not log in to "
              + target.name()
              + " any more will be cut off"
              + (sessions.silent().isEmpty()
                  ? "."
                  : ", and perhaps more through " + ClientCommand.joined(sessions.silent()) + "."));
    }
  }

  /** {@code target initiators}. */
  @Command(
      name = "initiators",
      description = "Show a target's access list, or what it says of one initiator.")
  static final class Initiators extends ClientCommand {
    @Mixin private TargetName target;

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "INITIATOR",
        description = "Only this one; refused when it is not on the list.")
    private String initiator;

    @Override
    int run(ApiClient api) {
      JsonNode answer =
          api.get(initiator == null ? target.path() + "/initiators" : path(target, initiator));
      if (!printedAsJson(api, answer)) {
        show(
            table(
                initiator == null
                    ? api.asList(answer, Initiator.class)
                    : List.of(api.as(answer, Initiator.class))));
      }
      return 0;
    }
  }

  /** {@code target allow}. */
  @Command(
      name = "allow",
      description = {
        "Put an initiator on a target's access list, or change what is said of it there: what is not"
            + " given stays as it is.",
        "The list decides who may log in once 'target access IQN listed' says so."
      })
  static final class Allow extends ClientCommand {
    @Mixin private TargetName target;

    @Parameters(index = "1", paramLabel = "INITIATOR", description = "iSCSI name of the initiator.")
    private String initiator;

    @Option(
        names = "--luns",
        paramLabel = "LUN",
        split = ",",
        converter = LunMask.class,
        description =
            "The LUNs that it sees; 0=3 shows the target's LUN 3 as LUN 0. Default for a new"
                + " initiator: all.")
    private List<Initiator.Lun> luns = new ArrayList<>();

    @Option(names = "--all-luns", description = "It sees every LUN of the target.")
    private boolean allLuns;

    @Mixin private ChapOptions chap;

    @Option(
        names = "--no-chap",
        description = "It has no CHAP credentials of its own; the target's are asked for, if any.")
    private boolean noChap;

    @Option(names = "--remark", paramLabel = "TEXT", description = "A remark, for people.")
    private String remark;

    @Override
    int run(ApiClient api) {
      if (allLuns && !luns.isEmpty()) {
        throw new ParameterException(spec().commandLine(), "Give --luns or --all-luns, not both");
      }
      if (noChap && chap.given()) {
        throw new ParameterException(
            spec().commandLine(), "Give --chap-user or --no-chap, not both");
      }
      Optional<SetChap> given = chap.credentials(in(), System.getenv());
      Optional<Initiator> before =
          list(api, target).stream().filter(one -> one.initiator().equals(initiator)).findFirst();
      // A secret that is there stays when its user is put without one.
      Optional<SetChap> kept =
          before
              .map(Initiator::chap)
              .filter(there -> !noChap)
              .map(there -> new SetChap(there.user(), null));
      List<Initiator.Lun> mask = luns;
      if (luns.isEmpty()) {
        mask = allLuns ? null : before.map(Initiator::luns).orElse(null);
      }
      JsonNode answer =
          api.put(
              path(target, initiator),
              new AllowInitiator(
                  given.or(() -> kept).orElse(null),
                  mask,
                  remark == null ? before.map(Initiator::remark).orElse(null) : remark));
      if (!printedAsJson(api, answer)) {
        Initiator now = api.as(answer, Initiator.class);
        say("initiator " + now.initiator());
        say("chap      " + text(now.chap()));
        say("luns      " + LunMask.text(now.luns()));
        say("remark    " + orDash(now.remark()));
      }
      return 0;
    }
  }

  /** {@code target deny}. */
  @Command(
      name = "deny",
      description = "Take an initiator off a target's access list; its sessions are cut off.")
  static final class Deny extends ClientCommand {
    @Mixin private TargetName target;

    @Parameters(index = "1", paramLabel = "INITIATOR", description = "iSCSI name of the initiator.")
    private String initiator;

    @Mixin private YesOption confirmed;

    @Override
    int run(ApiClient api) {
      Target now = api.as(api.get(target.path()), Target.class);
      boolean open = "open".equals(now.access());
      if (!confirmed.yes() && !open) {
        confirmCut(this, api, target, initiator::equals);
      }
      api.delete(path(target, initiator));
      done("removed " + initiator + " from the list of " + target.name());
      if (open) {
        say("the target is open: it may log in all the same, until 'target access IQN listed'");
      }
      return 0;
    }
  }

  /** {@code target chap}. */
  @Command(
      name = "chap",
      description =
          "Require CHAP of initiators that have no credentials of their own, or, with --mutual, give"
              + " the target the credentials by which it authenticates itself to initiators.")
  static final class SetOrClearChap extends ClientCommand {
    @Mixin private TargetName target;

    @Mixin private ChapOptions chap;

    @Option(names = "--mutual", description = "The target's own credentials.")
    private boolean mutual;

    @Option(names = "--clear", description = "Take the credentials away.")
    private boolean clear;

    @Override
    int run(ApiClient api) {
      if (clear == chap.given()) {
        throw new ParameterException(
            spec().commandLine(), "Give --chap-user with a secret, or --clear");
      }
      String path = target.path() + (mutual ? "/mutual-chap" : "/chap");
      if (clear) {
        api.delete(path);
        done("cleared " + (mutual ? "mutual CHAP of " : "CHAP of ") + target.name());
        return 0;
      }
      JsonNode answer = api.put(path, chap.credentials(in(), System.getenv()).orElseThrow());
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, Target.class), list(api, target));
      }
      return 0;
    }
  }

  /** {@code target access}. */
  @Command(
      name = "access",
      description =
          "Say who may log in to a target: open, whoever comes, or listed, initiators that 'target"
              + " allow' has put on its list. Sessions of others are cut off.")
  static final class Access extends ClientCommand {
    @Mixin private TargetName target;

    @Parameters(index = "1", paramLabel = "open|listed", description = "Who may log in.")
    private String access;

    @Mixin private YesOption confirmed;

    @Override
    int run(ApiClient api) {
      if (!confirmed.yes() && access.equals("listed")) {
        Set<String> listed =
            list(api, target).stream().map(Initiator::initiator).collect(Collectors.toSet());
        confirmCut(this, api, target, initiator -> !listed.contains(initiator));
      }
      JsonNode answer = api.put(target.path() + "/access", new SetAccess(access));
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, Target.class), list(api, target));
      }
      return 0;
    }
  }
}

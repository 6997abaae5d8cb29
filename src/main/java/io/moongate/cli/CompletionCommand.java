package io.moongate.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code completion}. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Print what completes commands, options and their words in a shell.",
      "bash: moongate completion bash > /etc/bash_completion.d/moongate",
      "zsh: moongate completion zsh > a file that .zshrc sources after compinit"
    })
final class CompletionCommand implements Callable<Integer> {

  /** A shell, as it is typed. */
  enum Shell {
    bash,
    zsh
  }

  @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}.")
  private Shell shell;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    String script = AutoComplete.bash("moongate", spec.root().commandLine());
    if (shell == Shell.zsh) {
      // zsh runs the completions of bash once it is told to.
      script =
          "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"
              + script;
    }
    spec.commandLine().getOut().print(script);
    spec.commandLine().getOut().flush();
    return 0;
  }
}

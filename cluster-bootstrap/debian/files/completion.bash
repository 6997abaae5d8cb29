# Completion of moongate's commands and options in bash: as the version that is installed has them.
source <(moongate completion bash 2>/dev/null)

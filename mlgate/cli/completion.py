"""Print the completion script of your shell."""

from __future__ import annotations

import click

_EPILOG = """\b
Put it where your shell looks for it, once:
  bash   mlgate completion bash > ~/.local/share/bash-completion/completions/mlgate
  zsh    mlgate completion zsh > a folder of your $fpath, as _mlgate
  fish   mlgate completion fish > ~/.config/fish/completions/mlgate.fish"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script with which SHELL completes commands, options, formats and gates."""
    from click.shell_completion import get_completion_class

    completing = get_completion_class(shell)
    if completing is None:
        raise click.UsageError(f"click does not know the shell {shell}")
    root = click.get_current_context().find_root().command
    told = completing(root, {}, "mlgate", "_MLGATE_COMPLETE")
    click.echo(told.source_template % told.source_vars())

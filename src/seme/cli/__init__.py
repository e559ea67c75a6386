"""The command line: one file for each command, none of which holds any logic.

A command's module is imported when the command is called, so that `seme search` does not wait for the web server's
libraries. Failures that a person is meant to read end the process with the error's own exit code (`seme.errors`).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command

from seme import __version__
from seme.errors import SemeError

COMMANDS = {
    "serve": "serving",
    "harvest": "harvesting",
    "search": "searching",
    "similar": "similar",
    "index": "indexing",
    "digest": "digest",
    "export": "exporting",
    "import": "importing",
    "doctor": "doctor",
    "mcp": "mcp",
    "run": "running",
    "methods": "methods",
    "report": "reporting",
    "compare": "comparing",
    "eval": "evaluating",
}
"""Names of the commands, and of the modules here whose function `run` each of them is; or `app`, if it has commands."""


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the signature is the library's
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"seme.cli.{COMMANDS[cmd_name]}")
        if hasattr(module, "app"):
            return get_command(module.app)
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(cmd_name)(module.run)
        return get_command(single)


app = typer.Typer(
    cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seme {__version__}")
        raise typer.Exit


@app.callback()
def seme(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version"),
) -> None:
    """Daily papers you can search by meaning, and papers you can run.

    Exit codes: 0 done; 1 failed; 2 wrong argument or file; 3 no such paper, experiment or report; 4 a source failed;
    5 a model or a library is missing;
    6 mail failed; 7 a stored index is damaged.
    """


def main() -> None:
    """Run the command that the arguments name, and turn failures into a message, its mend and an exit code."""
    try:
        app()
    except SemeError as error:
        console = Console(stderr=True)
        console.print(f"[bold red]Error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        if error.hint:
            console.print(f"[bold]Mend:[/] {escape(error.hint)}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)

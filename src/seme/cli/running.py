"""`seme run NAME`: one command for each experiment, with a flag for each of its settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from seme.cli.flags import FlagsCommand, with_flags
from seme.cli.opening import open_settings
from seme.cli.output import emit, note
from seme.experiment import Experiment, find_experiment, run_experiment
from seme.experiment.registry import experiment_names
from seme.experiment.settings import choose
from seme.report.terminal import show


class _Experiments(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the signature is the library's
        return experiment_names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return command_of(find_experiment(cmd_name))


app = typer.Typer(cls=_Experiments, no_args_is_help=True, add_completion=False, subcommand_metavar="NAME [SETTINGS]...")


@app.callback()
def run() -> None:
    """Run a paper's experiment and show its claims beside what was measured.

    NAME is the experiment's name or the number of its paper. `seme run NAME --help` lists every setting.
    """


def command_of(experiment: Experiment) -> Any:
    """Return the command that runs an experiment."""

    def run(given: dict[str, Any], *, quick: bool, seed: int, device: str, folder: Path | None, as_json: bool) -> None:
        settings = choose(experiment.settings, given, quick=quick)
        home = open_settings().home
        report, place = run_experiment(
            experiment, settings, home=home, seed=seed, device=device, quick=quick, folder=folder
        )
        if as_json:
            emit(json.loads(report.to_json()))
        else:
            show(report)
        note(f"The report is {place / 'report.html'}")

    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(experiment.slug, cls=FlagsCommand, help=_help(experiment))(with_flags(experiment.settings, run))
    return get_command(single)


def _help(experiment: Experiment) -> str:
    lines = [experiment.summary, f"Paper {experiment.paper} of the catalogue."]
    if experiment.missing:
        lines.append(f"Not installed yet: {', '.join(experiment.missing)}. Run: make methods")
    return "\n\n".join(lines)

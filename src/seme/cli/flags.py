"""Flags out of an experiment's settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from seme.experiment.settings import value_type
from seme.report.values import plain, shown

_COMMON = {
    "quick": (bool, typer.Option("--quick", help="The smallest honest run, in under a minute"), False),
    "seed": (int, typer.Option(min=0, help="All random numbers follow from it"), 0),
    "device": (str, typer.Option(help="auto, cpu, cuda or cuda:N"), "auto"),
    "folder": (Path | None, typer.Option(help="Write the report there, too"), None),
    "as_json": (bool, typer.Option("--json", help="Print JSON on standard output"), False),
}


class FlagsCommand(TyperCommand):
    """A command whose flags may take several values: `--layers 6 12` is `--layers 6 --layers 12`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the flag before each further value."""
        several = {name for one in self.params if getattr(one, "multiple", False) for name in one.opts}
        written: list[str] = []
        flag = ""
        for word in args:
            is_flag = word.startswith("-") and not _is_number(word)
            if is_flag:
                flag = word if word in several else ""
            elif flag and written[-1] != flag:
                written.append(flag)
            written.append(word)
        return super().parse_args(ctx, written)


def with_flags(kind: type[Any], function: Callable[..., None]) -> Callable[..., None]:
    """Return a function for a command, with a parameter for each setting and for each flag that all experiments have.

    Parameters
    ----------
    kind
        The settings.
    function
        Called with what was given for settings, as a mapping, and with the common flags by name.
    """
    parameters = [
        _parameter(name, Annotated[type_, option], default) for name, (type_, option, default) in _COMMON.items()
    ]
    full, quick = kind(), kind.quick()
    for name, field in kind.model_fields.items():
        text = _help(field.description, getattr(full, name), getattr(quick, name))
        parameters.append(_parameter(name, _annotated(field.annotation, text), None))

    def command(**values: Any) -> None:
        common = {name: values.pop(name) for name in _COMMON}
        function({name: value for name, value in values.items() if value not in (None, [])}, **common)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _annotated(annotation: Any, text: str) -> Any:
    one, several = value_type(annotation)
    values = GenericAlias(list, (one,)) if several else one
    return Annotated[values | None, typer.Option(help=text, show_default=False)]


def _help(description: str | None, full: Any, quick: Any) -> str:
    default = f"default {shown(plain(full))}"
    return (
        f"{description} ({default})"
        if full == quick
        else f"{description} ({default}; with --quick {shown(plain(quick))})"
    )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True

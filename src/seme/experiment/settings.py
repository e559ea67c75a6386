"""Settings of an experiment: what its flags may change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from seme.errors import InputError

RESERVED = frozenset({"quick", "json", "as_json", "seed", "device", "folder", "help"})
"""Names that the command uses itself."""


class ExperimentSettings(BaseModel):
    """Base of an experiment's settings: every field has a description, and becomes a flag of `seme run`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def quick(cls) -> Self:
        """Return the settings of the smallest honest run: under a minute on two cores, loading included."""
        return cls()

    @classmethod
    def chosen(cls, given: Mapping[str, Any], *, quick: bool) -> Self:
        """Return the full or the quick settings with what was given in their place.

        Raises
        ------
        InputError
            If a value cannot be used; it names the flag, the value and what it may be.
        """
        settings: Self = choose(cls, given, quick=quick)
        return settings


def choose(kind: type[Any], given: Mapping[str, Any], *, quick: bool) -> Any:
    """Return settings of a kind with what was given in the place of the full or quick values."""
    base = kind.quick() if quick else kind()
    try:
        return kind.model_validate({**base.model_dump(), **given})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        flag = f"--{name.replace('_', '-')}" if name in kind.model_fields else name or "the settings"
        value = given.get(name, first["input"])
        raise InputError(f"{flag} is {value!r}: {first['msg']}", hint=_hint(kind, name)) from error


def check_settings(kind: type[BaseModel]) -> None:
    """Refuse settings that could not become flags.

    Raises
    ------
    TypeError
        If a field has no description or no default, or takes the name of one of the command's own flags.
    """
    for name, field in kind.model_fields.items():
        if not field.description:
            raise TypeError(f"{kind.__name__}.{name} has no description: it is the help of its flag")
        if field.is_required():
            raise TypeError(f"{kind.__name__}.{name} has no default: `seme run` must work without flags")
        if name in RESERVED:
            raise TypeError(f"{kind.__name__}.{name} has the name of a flag that every experiment has")
        if value_type(field.annotation)[0] is None:
            raise TypeError(f"{kind.__name__}.{name} is {field.annotation}, which cannot be a flag")
    if not hasattr(kind, "quick"):
        raise TypeError(f"{kind.__name__} has no classmethod `quick`")


def value_type(annotation: Any) -> tuple[Any, bool]:
    """Return the type of one value of a flag, and whether the flag takes several; `None` if it cannot be a flag.

    Flags are made of `bool`, `int`, `float`, `str`, `Path`, `Literal`, lists and tuples of those, and `| None`.
    """
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        kept = [one for one in inner if one is not NoneType]
        return value_type(kept[0]) if len(kept) == 1 else (None, False)
    if origin in (list, tuple):
        kinds = {value_type(one) for one in inner if one is not Ellipsis}
        one, several = kinds.pop() if len(kinds) == 1 else (None, True)
        return (None if several else one), True
    if origin is Literal or annotation in (bool, int, float, str, Path):
        return annotation, False
    return None, False


def _hint(kind: type[BaseModel], name: str) -> str:
    field = kind.model_fields.get(name)
    if field is None:
        return "Settings are: " + ", ".join(sorted(kind.model_fields))
    return f"It is: {field.description} (default {field.default!r})"

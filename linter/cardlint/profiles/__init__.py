"""Profiles: which rules run, and how severe they are, for whom.

A profile is a TOML file: the four beside this module, or one of the user's own. A rule is in the
built-in profiles that its class names (``Rule.profiles``), and in every profile that extends one
of those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cardlint.errors import UsageError
from cardlint.settings_file import PROFILE_KEYS, Place, read, shown

HERE = Path(__file__).parent
MAX_CHAIN = 8


@dataclass(frozen=True, slots=True)
class Layer:
    """One profile of a chain, from the most general to the one asked for."""

    name: str
    """The built-in name, or the file."""
    values: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None


def names() -> list[str]:
    """The built-in profiles."""
    return sorted(p.stem for p in HERE.glob("*.toml"))


def chain(profile: str, folder: Path | None = None) -> list[Layer]:
    """A profile and those it extends, the most general first.

    Args:
        profile: a built-in name or a file.
        folder: the folder that a relative file name is seen from.

    Raises:
        UsageError: there is no such profile, or they extend each other in a circle.
    """
    layers: list[Layer] = []
    wanted: str | None = profile
    while wanted:
        if wanted in names():
            path, name = HERE / f"{wanted}.toml", wanted
        else:
            path = (folder or Path()) / wanted
            name = shown(path)
            if not path.is_file():
                close = get_close_matches(wanted, names(), n=1)
                raise UsageError(
                    f"no profile is called {wanted}, and no file either",
                    remedy=f"Did you mean {close[0]}?"
                    if close
                    else f"Write one of {', '.join(names())}, or name a TOML file.",
                )
        if len(layers) >= MAX_CHAIN or any(layer.name == name for layer in layers):
            raise UsageError(
                f"the profile {name} extends itself, through {' → '.join(x.name for x in layers)}",
                remedy="Remove one `extends`.",
            )
        values, place = read(path, PROFILE_KEYS)
        layers.append(Layer(name, values, place))
        folder = path.parent
        wanted = values.get("extends", None if name == "default" else "default")
    return layers[::-1]

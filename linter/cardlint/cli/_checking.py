"""From options and settings to a checker: the command line above the settings, option by option."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
from click.core import ParameterSource

from cardlint.checker import Checker
from cardlint.cli._check_options import Aside, Chosen
from cardlint.cli.options import Sources, size


def checker(target: str, sources: Sources, chosen: Chosen, aside: Aside | None = None) -> Checker:
    """The checker of one run.

    Where repositories are looked for and what they may cost holds for the whole run, so the
    settings of the first target decide where the command line says nothing.
    """
    aside = aside or Aside()
    overrides: dict[str, Any] = chosen.overrides()
    overrides["baseline"] = str(aside.baseline) if aside.baseline else None
    run = Checker(
        resolver=sources.resolver(),
        options=sources.options(),
        overrides={k: v for k, v in overrides.items() if v not in (None, ())},
        origin=_origins(),
        settings_file=chosen.config,
        isolated=chosen.isolated,
        no_ignores=aside.no_ignores,
    )
    settings = run.settings(target)
    from_settings: dict[str, Any] = {
        "hub": settings.hub,
        "offline": settings.offline,
        "weights": settings.weights,
        "budget": size(str(settings.budget)),
        "candidates": settings.candidates,
    }
    more = {k: v for k, v in from_settings.items() if k in settings.origins and not _given(k)}
    if more:
        sources = replace(sources, **more)
        run.resolver, run.options = sources.resolver(), sources.options()
    return run


def _given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}


def _origins() -> dict[str, str]:
    """Where each option that was given comes from, by the name it has in a settings file."""
    context = click.get_current_context()
    return {
        parameter.name.replace("_", "-"): f"environment, {parameter.envvar}"
        for parameter in context.command.params
        if parameter.name
        and context.get_parameter_source(parameter.name) is ParameterSource.ENVIRONMENT
    }

"""The ``hepml`` application: every command, in the order of an analysis."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hepml.cli import (
    datasets,
    demo,
    explore,
    export,
    fit,
    hunt,
    imports,
    inspect,
    ml,
    plot,
    processors,
    runs,
    simulate,
)

__all__ = ["app"]


class _InOrder(TyperGroup):
    """Lists commands and groups of commands in one order; typer puts groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        found = super().list_commands(ctx)
        return sorted(found, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command; ``export dedicated`` is one of two words beside ``export RUN``."""
        if " ".join(args[:2]) in self.commands:
            args = [" ".join(args[:2]), *args[2:]]
        return super().resolve_command(ctx, args)


_ORDER = (
    "demo",
    "datasets",
    "simulate",
    "import",
    "inspect",
    "processors",
    "run",
    "check",
    "resume",
    "merge",
    "plot",
    "explore",
    "ml",
    "hunt",
    "fit",
    "export",
)

app = typer.Typer(
    name="hepml",
    cls=_InOrder,
    help="From detector files to a discovery plot, columnar all the way.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(show: bool) -> None:
    if show:
        from hepml import __version__

        print(f"hepml {__version__}")
        raise typer.Exit


@app.callback()
def _hepml(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From detector files to a discovery plot, columnar all the way."""


app.command("demo")(demo.demo)
app.add_typer(datasets.app, name="datasets")
app.add_typer(simulate.app, name="simulate")
app.add_typer(imports.app, name="import")
app.command("inspect")(inspect.inspect)
app.command("processors")(processors.processors)
app.command("run")(runs.run)
app.command("check")(runs.check)
app.command("resume")(runs.resume)
app.command("merge")(runs.merge)
app.command("plot")(plot.plot)
app.command("explore")(explore.explore)
app.add_typer(ml.app, name="ml")
app.command("hunt")(hunt.hunt)
app.add_typer(fit.app, name="fit")
app.command("export")(export.export)
# of one channel: the help of export names them
app.command("export dedicated", hidden=True)(export.dedicated)
app.command("export parameterised", hidden=True)(export.parameterised)

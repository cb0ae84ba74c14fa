"""Options of ``hepml run`` and ``hepml resume`` that say where dask workers come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hepml.engine.cluster import ClusterOptions

__all__ = ["Adapt", "Cluster", "PerformanceReport", "Scheduler", "Ship", "Site", "cluster_options"]

Scheduler = Annotated[str | None, typer.Option(help="Address of a running dask scheduler.")]
Cluster = Annotated[
    str, typer.Option(help="Where dask workers come from: local, slurm, htcondor, pbs, lsf, sge.")
]
Site = Annotated[
    Path | None, typer.Option(help="TOML file with the batch system's settings, see docs/clusters.")
]
Adapt = Annotated[
    str | None, typer.Option(help="MIN:MAX dask workers, as many as the work left can use.")
]
PerformanceReport = Annotated[
    Path | None, typer.Option(help="HTML file to write, with dask's own account of the run.")
]
Ship = Annotated[
    bool, typer.Option("--ship", help="Send this code to the dask workers and restart them.")
]


def cluster_options(
    scheduler: str | None,
    cluster: str,
    site: Path | None,
    adapt: str | None,
    performance_report: Path | None,
    ship: bool,
) -> ClusterOptions:
    """The options as the engine takes them; what it has to say is printed to stderr."""
    from hepml.engine.cluster import ClusterOptions

    return ClusterOptions(
        scheduler=scheduler,
        cluster=cluster,
        site=site,
        adapt=None if adapt is None else _range(adapt),
        performance_report=performance_report,
        ship=ship,
        announce=_announce,
    )


def _range(text: str) -> tuple[int, int]:
    from hepml.errors import ParameterError

    low, _, high = text.partition(":")
    try:
        return int(low), int(high)
    except ValueError:
        raise ParameterError(f"--adapt takes MIN:MAX, such as 2:50, not {text!r}.") from None


def _announce(text: str) -> None:
    import sys

    print(text, file=sys.stderr)

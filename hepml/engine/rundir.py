"""The run directory as an object."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.engine.plan import Plan
from hepml.engine.store import Layout
from hepml.engine.stored import (
    check_folder,
    read_cutflow,
    read_histograms,
    read_object,
    read_provenance,
)
from hepml.errors import IncompleteRunError, TableError

if TYPE_CHECKING:
    import hist

    from hepml.processor import Processor
    from hepml.tables import FeatureTable

__all__ = ["Run", "describe_loss"]


class Run:
    """A finished or interrupted run on disk.

    Parameters
    ----------
    path : path
        The run directory.

    Raises
    ------
    OutputError
        If the folder is not a run directory.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.layout = Layout(path)
        check_folder(self.path)

    @cached_property
    def plan(self) -> Plan:
        """What was planned."""
        return Plan.load(self.layout.plan)

    @cached_property
    def report(self) -> dict[str, Any]:
        """Content of ``report.json``: planned, processed, failed, per dataset."""
        return read_object(self.layout.report)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Content of ``provenance.json``."""
        return read_provenance(self.layout.provenance)

    @cached_property
    def cutflow(self) -> dict[str, list[dict[str, Any]]]:
        """Dataset to list of ``{step, raw, weighted}``."""
        return read_cutflow(self.layout.cutflow)

    @cached_property
    def histograms(self) -> dict[str, hist.Hist[Any]]:
        """Histograms by name, with axes dataset and variation first."""
        return read_histograms(self.layout.histograms)

    @cached_property
    def features(self) -> FeatureTable:
        """The feature table."""
        from hepml.tables import FeatureTable

        try:
            return FeatureTable.open(self.layout.features)
        except TableError as error:
            known = self.layout.provenance.exists()
            if known and self.provenance["parameters"].get("table") is False:
                raise TableError(
                    f"{self.path} has no feature table: it was run with --no-table. "
                    "Run again without it, into another folder."
                ) from error
            raise

    @property
    def complete(self) -> bool:
        """Whether every planned chunk has a result."""
        return bool(self.report["processed"] == self.report["planned"])

    def require_complete(self) -> Run:
        """Return the run itself if nothing is missing.

        Raises
        ------
        IncompleteRunError
            With the first losses and what to do about them.
        """
        if not self.complete:
            raise IncompleteRunError(describe_loss(self.path, self.report))
        return self

    def check(self) -> Run:
        """Compare the plan with what is on disk now; see `hepml.engine.resume.check`."""
        from hepml.engine.resume import check

        return check(self.path)

    def resume(self, processor: Processor | None = None, **options: Any) -> Run:
        """Process what the run lacks; see `hepml.engine.resume.resume` for the options."""
        from hepml.engine.resume import resume

        return resume(self.path, processor, **options)

    def __repr__(self) -> str:
        return (
            f"<Run {self.path}: {self.provenance['processor']}, "
            f"{self.report['processed']}/{self.report['planned']} chunks, "
            f"{self.report['events_processed']:,} events>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{item['kind']}</td><td>{item['events']:,}</td>"
            f"<td>{item['rows']:,}</td><td>{item['processed']}/{item['planned']}</td></tr>"
            for name, item in self.report["datasets"].items()
        )
        return (
            f"<p><b>Run</b> {self.path} ({self.provenance['processor']})</p><table><tr>"
            "<th>dataset</th><th>kind</th><th>events</th><th>rows</th><th>chunks</th></tr>"
            f"{rows}</table>"
        )


def describe_loss(path: Path, report: Mapping[str, Any]) -> str:
    """Say what a run lacks and what to do about it."""
    failed = report["failed"]
    events = sum(b - a for a, b in (item["entries"] for item in failed if item["entries"]))
    lines = [
        f"{len(failed)} of {report['planned']} chunks"
        + (f" ({events:,} events)" if events else "")
        + " were not processed"
    ]
    for item in failed[:5]:
        where = "" if item["entries"] is None else " entries {}-{}".format(*item["entries"])
        reason = item["reason"]
        if len(reason) > 400:
            reason = reason[:400] + " ..."
        lines.append(f"  {item['dataset']!r} in {item['file']}{where}: {reason}")
    if len(failed) > 5:
        lines.append(f"  ... and {len(failed) - 5} more in {path / 'report.json'}")
    lines.append(f"retry only these:  hepml resume {path}")
    lines.append("accept the loss:   --allow-missing")
    return "\n".join(lines)

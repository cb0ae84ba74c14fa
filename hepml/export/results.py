"""Write a run's results for other programs: ROOT, CSV, or a pyhf workspace."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.errors import OutputError, ParameterError, did_you_mean
from hepml.histograms import scale_datasets
from hepml.lists import is_list, item_dtype
from hepml.normalise import data_luminosity, normalise
from hepml.redaction import safe_logger
from hepml.workspace import make_workspace

if TYPE_CHECKING:
    import hist

    from hepml.engine import Run
    from hepml.tables import FeatureTable

__all__ = ["FORMATS", "export"]

logger = safe_logger(__name__)

FORMATS = ("root", "csv", "pyhf")

_TARGETS = {"root": "histograms.root", "csv": "csv", "pyhf": "workspace.json"}
_CATEGORIES = ("StrCategory", "IntCategory", "Boolean")


def export(
    run: Run,
    form: str,
    out: Path | None = None,
    *,
    luminosity: float | None = None,
    histogram: str | None = None,
    allow_missing: bool = False,
) -> Path:
    """Export a run.

    Histograms are scaled to a luminosity; cutflow and table keep the weights of the run.

    Parameters
    ----------
    run : Run
        A finished run.
    form : {"root", "csv", "pyhf"}
        ``root``: every histogram as TH1, TH2 or TH3 ``dataset/variation/name`` (further category
        axes in the name), the cutflow, and the numbers of the feature table as TTree
        ``features/dataset``. ``csv``: one file per histogram, the cutflow, the table
        without its lists.
        ``pyhf``: a workspace of one histogram, which needs data and simulation.
    out : path, optional
        File (folder for CSV); default ``RUN/export/...``.
    luminosity : float, optional
        Luminosity [pb^-1] for simulation; default: that of the data where known.
    histogram : str, optional
        The histogram of the workspace; default: the first.
    allow_missing : bool
        Accept an incomplete run.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    ParameterError
        If the format or histogram is unknown.
    OutputError
        If the target exists or cannot be written.
    IncompleteRunError
        If chunks have no result, or simulation that has to be scaled is not complete.
    """
    if form not in FORMATS:
        raise ParameterError(f"Cannot export to {form!r}. " + did_you_mean(form, FORMATS))
    if not allow_missing:
        run.require_complete()
    datasets, weights_at = run.provenance["datasets"], run.provenance["parameters"]["luminosity"]
    if form == "pyhf" and luminosity is None:
        luminosity = _measured(datasets, weights_at)
    norm = normalise(
        datasets,
        weights_at,
        luminosity,
        where=run.path,
        allow_missing=allow_missing,
    )
    scaled = {name: scale_datasets(item, norm.factors) for name, item in run.histograms.items()}
    target = out or run.path / "export" / _TARGETS[form]
    if target.exists():
        raise OutputError(f"{target} exists; choose another --out, or remove it first.")
    with _whole(target) as made:
        if form == "root":
            _write_root(run, scaled, norm.luminosity, made)
        elif form == "csv":
            _write_csv(run, scaled, made)
        else:
            workspace = make_workspace(
                scaled, run.provenance["datasets"], run.provenance["processor"], histogram
            )
            made.write_text(json.dumps(workspace, indent=1) + "\n")
    return target


def _measured(datasets: Mapping[str, Mapping[str, Any]], weights_at: float) -> float:
    """Luminosity [pb^-1] at which a workspace compares simulation with data; never a guess."""
    measured = data_luminosity(datasets)
    unknown = [name for name, item in datasets.items() if item["kind"] == "data"]
    if measured is None and unknown and weights_at == 1.0:
        raise ParameterError(
            f"The luminosity of the data ({', '.join(unknown)}) is not known, so simulation "
            "cannot be compared with them. Give it in pb^-1:  --luminosity"
        )
    return measured or weights_at


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Give a temporary name; what was written there becomes the target, or nothing remains."""
    created = not target.parent.exists()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as folder:
            made = Path(folder) / target.name
            yield made
            os.replace(made, target)
    except OSError as error:
        raise OutputError(f"Cannot write {target}: {error.strerror or error}.") from error
    finally:
        if created and not target.exists():
            with contextlib.suppress(OSError):
                target.parent.rmdir()


def _table(run: Run) -> FeatureTable | None:
    """The feature table; ``None`` for a run that was asked for histograms only."""
    return run.features if any(run.layout.features.rglob("*.parquet")) else None


def _is_category(axis: Any) -> bool:
    return type(axis).__name__ in _CATEGORIES


def _slices(histogram: hist.Hist[Any], keep_axis: bool = False) -> Iterator[tuple[list[str], Any]]:
    """Every combination of the category axes, with what the other axes hold.

    With ``keep_axis`` the last axis stays although it is a category, so that a histogram
    remains; else there may be no axis left, and a single sum.
    """
    plain = [axis for axis in histogram.axes if not _is_category(axis)]
    names = [axis.name for axis in histogram.axes if _is_category(axis)]
    if keep_axis and not plain:
        names = names[:-1]
    if not names:
        yield [], histogram
        return
    sizes = [len(histogram.axes[name]) for name in names]
    for index in np.ndindex(*sizes):
        chosen = dict(zip(names, (int(place) for place in index), strict=True))
        texts = [str(histogram.axes[name].value(place)) for name, place in chosen.items()]
        yield texts, histogram[chosen]


def _write_root(
    run: Run, histograms: Mapping[str, hist.Hist[Any]], luminosity: float | None, path: Path
) -> None:
    import hist
    import uproot

    folder = _Folders()
    with uproot.recreate(path) as file:
        for name, histogram in histograms.items():
            for (dataset, variation, *rest), part in _slices(histogram, keep_axis=True):
                file["/".join([folder[dataset], variation, "_".join([name, *rest])])] = part
        for dataset, rows in run.cutflow.items():
            steps = hist.axis.StrCategory([row["step"] for row in rows], name="step")
            for column in ("raw", "weighted"):
                counts: hist.Hist[Any] = hist.Hist(steps, label="Events")
                counts[...] = np.array([float(row[column]) for row in rows])
                file[f"{folder[dataset]}/cutflow_{column}"] = counts
        weights_at = run.provenance["parameters"]["luminosity"]
        # pb^-1: of the histograms, and of the weights in cutflow and trees
        file["luminosity"] = json.dumps({"histograms": luminosity, "weights": weights_at})
        table = _table(run)
        for dataset in table.datasets if table else ():
            _write_tree(file, folder[dataset], table.of(dataset))  # type: ignore[union-attr]


class _Folders(dict[str, str]):
    """Dataset to a name that a ROOT path can hold: ``:``, ``;`` and ``/`` mean something there."""

    def __missing__(self, dataset: str) -> str:
        name = re.sub("[:;/]", "_", dataset)
        while name in self.values():
            name += "_"
        self[dataset] = name
        return name


def _write_tree(file: Any, dataset: str, table: FeatureTable) -> None:
    """Write the numbers of a table; ROOT trees written in Python hold no text.

    A list becomes a branch of variable length with a counter of its own.
    """
    types: dict[str, Any] = {
        c.name: f"var * {item_dtype(c.dtype)}" if c.is_list else np.dtype(c.dtype)
        for c in table.columns
        if c.dtype != "string"
    }
    tree = file.mktree(f"features/{dataset}", types)
    for batch in table.batches(list(types)):
        if batch.num_rows:
            columns = zip(types, batch.columns, strict=True)
            tree.extend({name: _values(column) for name, column in columns})


def _values(column: Any) -> Any:
    if not is_list(column.type):
        return column.to_numpy(zero_copy_only=False)
    import awkward as ak

    return ak.from_arrow(column)


def _write_csv(run: Run, histograms: Mapping[str, hist.Hist[Any]], folder: Path) -> None:
    import pyarrow.csv

    folder.mkdir()
    for name, histogram in histograms.items():
        (folder / f"{name}.csv").write_text(_histogram_csv(histogram))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["dataset", "step", "raw", "weighted"])
    for dataset, rows in run.cutflow.items():
        writer.writerows([dataset, row["step"], row["raw"], row["weighted"]] for row in rows)
    (folder / "cutflow.csv").write_text(buffer.getvalue())
    table = _table(run)
    if table is None:
        return
    lists = [column.name for column in table.columns if column.is_list]
    if lists:
        logger.warning("CSV holds no lists, so these columns are left out: %s", ", ".join(lists))
    names = list(dict.fromkeys(["dataset", *(n for n in table.names() if n not in lists)]))
    schema = table.schema(names)
    with pyarrow.csv.CSVWriter(folder / "features.csv", schema) as output:
        for batch in table.batches(names):
            output.write_batch(batch)


def _histogram_csv(histogram: hist.Hist[Any]) -> str:
    """One line a bin, flow bins left out: categories, edges, value, variance."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    categories = [axis.name for axis in histogram.axes if _is_category(axis)]
    plain = [axis for axis in histogram.axes if not _is_category(axis)]
    edges = [f"{axis.name}_{side}" for axis in plain for side in ("low", "high")]
    writer.writerow([*categories, *edges, "value", "variance"])
    for path, part in _slices(histogram):
        values = np.asarray(part.values() if plain else part.value)
        variances = np.asarray(part.variances() if plain else part.variance)
        for index in np.ndindex(values.shape):
            sides = [
                float(axis.edges[place + side])
                for axis, place in zip(plain, index, strict=True)
                for side in (0, 1)
            ]
            writer.writerow([*path, *sides, float(values[index]), float(variances[index])])
    return buffer.getvalue()

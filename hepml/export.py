"""Write a run's results for other programs: ROOT, CSV, or a pyhf workspace."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.errors import OutputError, ParameterError, did_you_mean
from hepml.histograms import scale_datasets
from hepml.normalise import luminosity_factors

if TYPE_CHECKING:
    import hist

    from hepml.engine import Run

__all__ = ["FORMATS", "export", "pyhf_workspace"]

FORMATS = ("root", "csv", "pyhf")


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

    Parameters
    ----------
    run : Run
        A finished run.
    form : {"root", "csv", "pyhf"}
        ``root``: every histogram as TH1/TH2 ``dataset/variation/name`` and the feature table as
        TTree ``features/dataset``. ``csv``: one file per histogram, the cutflow, the table.
        ``pyhf``: a workspace of one histogram, which needs data and simulation.
    out : path, optional
        File (folder for CSV); default ``RUN/export/...``.
    luminosity : float, optional
        Luminosity [pb^-1] for simulation; default: that of the data where known.
    histogram : str, optional
        The histogram of the workspace; default: the first.
    allow_missing : bool
        Accept an incomplete run.

    Raises
    ------
    ParameterError
        If the format or histogram is unknown.
    OutputError
        If the target exists or cannot be written.
    IncompleteRunError
        If yields would be too low.
    """
    if form not in FORMATS:
        raise ParameterError(f"Cannot export to {form!r}. " + did_you_mean(form, FORMATS))
    factors = luminosity_factors(
        run.provenance["datasets"],
        run.provenance["parameters"]["luminosity"],
        luminosity,
        where=run.path,
        allow_missing=allow_missing,
    )
    scaled = {name: scale_datasets(item, factors) for name, item in run.histograms.items()}
    default = {"root": "histograms.root", "csv": "csv", "pyhf": "workspace.json"}[form]
    target = out or run.path / "export" / default
    if target.exists():
        raise OutputError(f"{target} exists; choose another --out, or remove it first.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as folder:
            made = Path(folder) / target.name
            if form == "root":
                _write_root(run, scaled, made)
            elif form == "csv":
                _write_csv(run, scaled, made)
            else:
                workspace = pyhf_workspace(run, scaled, histogram)
                made.write_text(json.dumps(workspace, indent=1) + "\n")
            os.replace(made, target)
    except OSError as error:
        raise OutputError(f"Cannot write {target}: {error.strerror or error}.") from error
    return target


def slices(histogram: hist.Hist[Any]) -> Iterator[tuple[list[str], hist.Hist[Any]]]:
    """Every combination of the category axes, with the histogram of the other axes."""
    names = [axis.name for axis in histogram.axes if hasattr(axis, "bin") and _is_category(axis)]
    if not names:
        yield [], histogram
        return
    for value in histogram.axes[names[0]]:
        for path, part in slices(histogram[{names[0]: value}]):
            yield [str(value), *path], part


def _is_category(axis: Any) -> bool:
    return type(axis).__name__ in ("StrCategory", "IntCategory")


def _write_root(run: Run, histograms: dict[str, hist.Hist[Any]], path: Path) -> None:
    import pyarrow as pa
    import uproot

    with uproot.recreate(path) as file:
        for name, histogram in histograms.items():
            for (dataset, variation, *rest), part in slices(histogram):
                file["/".join([dataset, variation, "_".join([name, *rest])])] = part
        if not run.features.parts:
            return
        numeric = [column for column in run.features.columns if column.dtype != "string"]
        for dataset in run.features.datasets:
            tree = file.mktree(
                f"features/{dataset}", {item.name: np.dtype(item.dtype) for item in numeric}
            )
            table = type(run.features)(
                [part for part in run.features.parts if part.parent.name == dataset]
            )
            for batch in table.batches([item.name for item in numeric]):
                if len(batch):
                    arrays = pa.Table.from_batches([batch])
                    tree.extend({item.name: arrays[item.name].to_numpy() for item in numeric})


def _write_csv(run: Run, histograms: dict[str, hist.Hist[Any]], folder: Path) -> None:
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
    if run.features.parts:
        pyarrow.csv.write_csv(run.features.to_arrow(), folder / "features.csv")


def _histogram_csv(histogram: hist.Hist[Any]) -> str:
    """One line a bin, flow bins left out: categories, edges, value, variance."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    categories = [axis.name for axis in histogram.axes if _is_category(axis)]
    plain = [axis for axis in histogram.axes if not _is_category(axis)]
    edges = [f"{axis.name}_{side}" for axis in plain for side in ("low", "high")]
    writer.writerow([*categories, *edges, "value", "variance"])
    for path, part in slices(histogram):
        values, variances = part.values(), part.variances()
        for index in np.ndindex(values.shape):
            sides = [
                float(axis.edges[place + side])
                for axis, place in zip(plain, index, strict=True)
                for side in (0, 1)
            ]
            writer.writerow([*path, *sides, float(values[index]), float(variances[index])])
    return buffer.getvalue()


def pyhf_workspace(
    run: Run, histograms: dict[str, hist.Hist[Any]], name: str | None = None
) -> dict[str, Any]:
    """Build a pyhf workspace: one channel, a sample per class, and the data.

    Simulated classes carry the signal strength ``mu``, their statistical uncertainty and every
    variation as a correlated shape. Where simulation has no background (the diphoton channel),
    the background is the smooth curve through the sidebands of the data, with a free norm.

    Raises
    ------
    ParameterError
        If the histogram is unknown or has more than one axis.
    OutputError
        If the run has no data or no simulation to compare.
    """
    from hepml.plots.samples import Sample, signal_labels, simulation_groups
    from hepml.plots.sideband import fit_sidebands, peak_window
    from hepml.plots.yields import nominal

    chosen = name or next(iter(histograms))
    if chosen not in histograms:
        raise ParameterError(
            f"{run.path} has no histogram {chosen!r}. " + did_you_mean(chosen, histograms)
        )
    histogram = histograms[chosen]
    if len(histogram.axes) != 3:
        raise ParameterError(f"{chosen!r} has more than one axis; a workspace needs exactly one.")
    datasets = run.provenance["datasets"]
    samples = {
        key: Sample(key, item["kind"], item["label"] or key) for key, item in datasets.items()
    }
    data = [key for key, sample in samples.items() if sample.kind == "data"]
    groups = simulation_groups(samples)
    if not data or not groups:
        raise OutputError("A workspace needs data and simulation in the same run.")
    signals = signal_labels(histogram, samples)
    observed = nominal(histogram, data).values
    entries = [
        _sample(histogram, label, members, label in signals) for label, members in groups.items()
    ]
    if signals == set(groups):
        edges = histogram.axes[2].edges
        expected = nominal(histogram, [key for names in groups.values() for key in names]).values
        window = peak_window(expected, edges)
        fit = None if window is None else fit_sidebands(observed, edges, window)
        if fit is None:
            raise OutputError(
                f"{chosen!r} has no background simulation and no sidebands to take it from; "
                "choose a mass histogram with --histogram."
            )
        entries.append(
            {
                "name": "background",
                "data": fit.expected.clip(min=0).tolist(),
                "modifiers": [
                    {"name": "background_norm", "type": "normfactor", "data": None},
                    {
                        "name": "background_fit",
                        "type": "histosys",
                        "data": {
                            "hi_data": (fit.expected + fit.errors).tolist(),
                            "lo_data": (fit.expected - fit.errors).clip(min=0).tolist(),
                        },
                    },
                ],
            }
        )
    return {
        "channels": [{"name": chosen, "samples": entries}],
        "observations": [{"name": chosen, "data": observed.tolist()}],
        "measurements": [
            {
                "name": f"{run.provenance['processor']}_{chosen}",
                "config": {"poi": "mu" if signals else "", "parameters": []},
            }
        ],
        "version": "1.0.0",
    }


def _sample(
    histogram: hist.Hist[Any], label: str, members: list[str], signal: bool
) -> dict[str, Any]:
    """A class as a sample of the workspace."""
    from hepml.plots.yields import nominal

    central = nominal(histogram, members)
    modifiers: list[dict[str, Any]] = [
        {"name": f"stat_{label}", "type": "shapesys", "data": central.errors.tolist()}
    ]
    if signal:
        modifiers.append({"name": "mu", "type": "normfactor", "data": None})
    sources = sorted(
        item.removesuffix("_up") for item in histogram.axes["variation"] if item.endswith("_up")
    )
    for source in sources:
        shifted = {
            side: nominal(histogram, members, f"{source}_{way}").values.clip(min=0).tolist()
            for side, way in (("hi_data", "up"), ("lo_data", "down"))
        }
        modifiers.append({"name": source, "type": "histosys", "data": shifted})
    return {
        "name": label,
        "data": central.values.clip(min=0).tolist(),
        "modifiers": modifiers,
    }

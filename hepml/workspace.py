"""A run as a pyhf workspace: one histogram, a sample per class, and the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hepml.errors import OutputError, ParameterError, did_you_mean

if TYPE_CHECKING:
    import hist

    from hepml.plots.sideband import SidebandFit
    from hepml.plots.yields import Yields

__all__ = ["make_workspace"]


def make_workspace(
    histograms: Mapping[str, hist.Hist[Any]],
    datasets: Mapping[str, Mapping[str, Any]],
    channel: str,
    name: str | None = None,
) -> dict[str, Any]:
    """Build a pyhf workspace.

    Signal classes carry the strength ``mu``. Limited simulation enters as one ``staterror`` a
    bin for all classes together (Barlow and Beeston, Comput. Phys. Commun. 77 (1993) 219, in its
    light form), every variation as a ``histosys``. Negative bins of a class, which negative
    weights cause, count as empty. Where simulation has no background (the diphoton channel),
    the background is the smooth curve through the sidebands of the data with a free norm and
    the independent shifts of its parameters.

    Parameters
    ----------
    histograms : mapping of str to hist.Hist
        Scaled to the luminosity of the data.
    datasets : mapping
        ``datasets`` of ``provenance.json``.
    channel : str
        Name of the processor.
    name : str, optional
        Which histogram; default: the first with one axis.

    Raises
    ------
    ParameterError
        If the histogram is unknown or has more than one axis.
    OutputError
        If the run has no data or no simulation to compare.
    """
    from hepml.plots.samples import Sample, data_names, signal_labels, simulation_groups
    from hepml.plots.yields import nominal

    histogram = _chosen(histograms, name)
    samples = {
        key: Sample(key, item["kind"], item["label"] or key) for key, item in datasets.items()
    }
    groups = simulation_groups(samples, channel)
    if not data_names(samples) or not groups:
        raise OutputError(
            "A workspace needs data and simulation in the same run. Run the processor over both "
            "in one command, or `hepml merge` the two runs."
        )
    signals = signal_labels(histogram, samples, channel=channel)
    if not signals:
        raise OutputError(
            "None of the simulated classes is a signal, so there is no strength to fit: "
            f"{', '.join(groups)}."
        )
    observed = nominal(histogram, data_names(samples))
    entries = [
        _sample(histogram, label, members, label in signals) for label, members in groups.items()
    ]
    if signals == set(groups):
        expected = nominal(histogram, [key for names in groups.values() for key in names])
        entries.append(_background(histogram, observed, expected))
    return {
        "channels": [{"name": histogram.name, "samples": entries}],
        "observations": [{"name": histogram.name, "data": observed.values.tolist()}],
        "measurements": [
            {"name": f"{channel}_{histogram.name}", "config": {"poi": "mu", "parameters": []}}
        ],
        "version": "1.0.0",
    }


def _chosen(histograms: Mapping[str, hist.Hist[Any]], name: str | None) -> hist.Hist[Any]:
    """The histogram asked for, or the first that has one axis of its own."""
    usable = [key for key, item in histograms.items() if len(item.axes) == 3]
    if name is None and not usable:
        raise ParameterError("The run has no histogram of one axis to make a workspace of.")
    chosen = name or usable[0]
    if chosen not in histograms:
        raise ParameterError(
            f"The run has no histogram {chosen!r}. " + did_you_mean(chosen, usable)
        )
    if chosen not in usable:
        raise ParameterError(
            f"{chosen!r} has more than one axis; a workspace takes one of: {', '.join(usable)}."
        )
    return histograms[chosen]


def _sample(
    histogram: hist.Hist[Any], label: str, members: list[str], signal: bool
) -> dict[str, Any]:
    """A class as a sample of the workspace."""
    from hepml.plots.yields import nominal

    central = nominal(histogram, members)
    errors = [
        float(error) if value > 0 else 0.0
        for value, error in zip(central.values, central.errors, strict=True)
    ]
    modifiers: list[dict[str, Any]] = [
        {"name": f"statistics_{histogram.name}", "type": "staterror", "data": errors}
    ]
    if signal:
        modifiers.append({"name": "mu", "type": "normfactor", "data": None})
    known = set(histogram.axes["variation"])
    sources = sorted(item.removesuffix("_up") for item in known if item.endswith("_up"))
    for source in sources:
        if f"{source}_down" in known:
            shifted = {
                side: nominal(histogram, members, f"{source}_{way}").values.clip(min=0).tolist()
                for side, way in (("hi_data", "up"), ("lo_data", "down"))
            }
            modifiers.append({"name": source, "type": "histosys", "data": shifted})
    return {"name": label, "data": central.values.clip(min=0).tolist(), "modifiers": modifiers}


def _background(histogram: hist.Hist[Any], observed: Yields, expected: Yields) -> dict[str, Any]:
    """The smooth curve through the sidebands of the data as a sample."""
    from hepml.plots.sideband import fit_sidebands, peak_window

    edges = histogram.axes[2].edges
    window = peak_window(expected.values, edges)
    fit = None if window is None else fit_sidebands(observed.values, edges, window)
    if fit is None:
        raise OutputError(
            f"{histogram.name!r} has no background simulation and no sidebands to take it from; "
            "choose a mass histogram with --histogram, or run over more data."
        )
    return {
        "name": "background",
        "data": fit.expected.clip(min=0).tolist(),
        "modifiers": [
            {"name": "background_norm", "type": "normfactor", "data": None},
            *_shapes(fit),
        ],
    }


def _shapes(fit: SidebandFit) -> list[dict[str, Any]]:
    return [
        {
            "name": f"background_shape_{index}",
            "type": "histosys",
            "data": {
                "hi_data": (fit.expected + mode).clip(min=0).tolist(),
                "lo_data": (fit.expected - mode).clip(min=0).tolist(),
            },
        }
        for index, mode in enumerate(fit.modes)
    ]

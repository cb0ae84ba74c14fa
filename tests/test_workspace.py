"""Workspaces are valid, and a fit of one finds what was put in."""

from __future__ import annotations

from typing import Any

import hist
import numpy as np
import pytest

from hepml.errors import OutputError, ParameterError
from hepml.processor import Histogram
from hepml.workspace import make_workspace
from tests.plots.runs import at, diphoton, events, together
from tests.toys import account

PT = Histogram("pt", (hist.axis.Regular(4, 0, 40, name="pt", label="$p_T$ [GeV]"),))
# pyhf 0.7.6 uses a class that jsonschema deprecated: github.com/scikit-hep/pyhf/issues/2139
upstream = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")
DATASETS = {
    "d": account("data"),
    "s": account("simulation", label="gg"),
    "b": account("simulation", label="continuum"),
}


def counted(signal: Any = (0, 5, 5, 0), background: Any = (50, 40, 30, 20)) -> dict[str, Any]:
    """Data that are the sum of twice the signal and the background."""
    data = 2 * np.asarray(signal) + np.asarray(background)
    parts = [events(PT, "d", np.maximum(data, 0)), at(PT, "s", signal), at(PT, "b", background)]
    return {"pt": together(*parts)}


def by_name(workspace: dict[str, Any]) -> dict[str, Any]:
    return {sample["name"]: sample for sample in workspace["channels"][0]["samples"]}


def strength(workspace: dict[str, Any]) -> float:
    """Validate a workspace and fit its signal strength."""
    import pyhf

    content = pyhf.Workspace(workspace)
    model = content.model()
    assert model.config.poi_name == "mu"
    return float(pyhf.infer.mle.fit(content.data(model), model)[model.config.poi_index])


@upstream
def test_a_fit_finds_the_signal_that_is_in_the_data() -> None:
    assert strength(make_workspace(counted(), DATASETS, "diphoton")) == pytest.approx(2.0, abs=0.02)


@upstream
def test_without_simulated_background_the_sidebands_are_its_shape() -> None:
    histograms, samples = diphoton()
    datasets = {n: account(s.kind, label=s.label) for n, s in samples.items()}
    workspace = make_workspace(histograms, datasets, "diphoton")
    modifiers = [item["type"] for item in by_name(workspace)["background"]["modifiers"]]
    assert modifiers == ["normfactor", *["histosys"] * 4]
    # the data are a cubic and nothing else
    assert strength(workspace) == pytest.approx(0.0, abs=0.05)


def test_signals_carry_the_strength_and_all_classes_their_statistics() -> None:
    samples = by_name(make_workspace(counted(), DATASETS, "diphoton"))
    names = {key: {m["name"] for m in item["modifiers"]} for key, item in samples.items()}
    assert names == {"gg": {"statistics_pt", "mu"}, "continuum": {"statistics_pt"}}
    assert samples["gg"]["modifiers"][0]["data"] == [0, 5, 5, 0]


@upstream
def test_negative_bins_count_as_empty() -> None:
    workspace = make_workspace(counted(signal=(-1, 5, 5, 0)), DATASETS, "diphoton")
    sample = by_name(workspace)["gg"]
    assert sample["data"] == [0, 5, 5, 0]
    assert sample["modifiers"][0]["data"] == [0, 5, 5, 0]
    assert np.isfinite(strength(workspace))


@upstream
def test_a_bin_that_no_class_fills_can_be_fitted() -> None:
    workspace = make_workspace(counted(background=(50, 40, 30, 0)), DATASETS, "diphoton")
    assert np.isfinite(strength(workspace))


@upstream
def test_variations_become_correlated_shapes() -> None:
    up, down = at(PT, "s", [0, 6, 5, 0], "scale_up"), at(PT, "s", [0, 4, 5, 0], "scale_down")
    histograms = {"pt": together(counted()["pt"], up, down)}
    workspace = make_workspace(histograms, DATASETS, "diphoton")
    shifts = {
        key: next(m["data"] for m in item["modifiers"] if m["name"] == "scale")
        for key, item in by_name(workspace).items()
    }
    assert shifts["gg"] == {"hi_data": [0, 6, 5, 0], "lo_data": [0, 4, 5, 0]}
    # a class that does not depend on the source stays as it is
    assert shifts["continuum"] == {"hi_data": [50, 40, 30, 20], "lo_data": [50, 40, 30, 20]}
    assert np.isfinite(strength(workspace))


def test_the_data_are_the_observation() -> None:
    workspace = make_workspace(counted(), DATASETS, "diphoton")
    assert workspace["observations"] == [{"name": "pt", "data": [50, 50, 40, 20]}]


def test_the_first_histogram_of_one_axis_is_taken() -> None:
    plane = hist.Hist(*counted()["pt"].axes, hist.axis.Integer(0, 2, name="n"))
    workspace = make_workspace({"plane": plane, **counted()}, DATASETS, "diphoton")
    assert workspace["channels"][0]["name"] == "pt"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ptt", r"no histogram 'ptt'. Did you mean 'pt'"),
        ("plane", "'plane' has more than one axis"),
    ],
)
def test_an_unusable_histogram_is_refused(name: str, text: str) -> None:
    plane = hist.Hist(*counted()["pt"].axes, hist.axis.Integer(0, 2, name="n"))
    with pytest.raises(ParameterError, match=text):
        make_workspace({"plane": plane, **counted()}, DATASETS, "diphoton", name)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("d", "needs data and simulation"),
        ("s", "needs data and simulation"),
        ("ds", "no sidebands to take it from"),
        ("db", "None of the simulated classes is a signal"),
    ],
)
def test_what_cannot_be_fitted_is_refused(names: str, text: str) -> None:
    datasets = {name: DATASETS[name] for name in names}
    with pytest.raises(OutputError, match=text):
        make_workspace(counted(), datasets, "diphoton")

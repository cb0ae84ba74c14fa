"""Public names are frozen, and importing them costs nothing until they are used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

PUBLIC = {
    "hepml": {
        "Catalogue",
        "FeatureTable",
        "Processor",
        "Run",
        "Selected",
        "__version__",
        "run",
    },
    "hepml.columns": {"Column", "Role", "feature", "key", "label", "observer", "weight"},
    "hepml.engine": {"Run", "run"},
    "hepml.errors": {
        "BranchError",
        "CatalogueError",
        "ChunkError",
        "DownloadError",
        "EmptyInputError",
        "FileAccessError",
        "HepmlError",
        "IncompleteRunError",
        "ModelError",
        "OutputError",
        "OverlapError",
        "ParameterError",
        "ProcessorError",
        "StatisticsError",
        "TableError",
        "TreeError",
        "did_you_mean",
    },
    "hepml.export": {"FORMATS", "export"},
    "hepml.histograms": {
        "add_histograms",
        "dump_histograms",
        "empty_histogram",
        "fill_histogram",
        "group_datasets",
        "load_histograms",
        "scale_datasets",
        "sort_categories",
    },
    "hepml.ml": {
        "BoostedTrees",
        "Sample",
        "TrainedModel",
        "apply_model",
        "categorise",
        "choose_features",
        "compare_classes",
        "fold_numbers",
        "judge_classes",
        "load_model",
        "load_sample",
        "score_table",
        "sculpting",
    },
    "hepml.ml.anomaly": {
        "STRATEGIES",
        "AnomalyData",
        "EnsembleSettings",
        "StrategyResult",
        "efficiency",
        "run_strategy",
    },
    "hepml.ml.density": {
        "ConditionalDensity",
        "Flow",
        "MassModel",
        "Mixture",
        "Neighbours",
        "Trees",
        "load_density",
        "make_density",
    },
    "hepml.normalise": {"Normalisation", "data_luminosity", "normalise"},
    "hepml.plots": {
        "Look",
        "cutflow_figure",
        "draw_fit",
        "draw_hunt",
        "draw_run",
        "overlay",
        "plane",
        "spectrum",
        "stacked",
    },
    "hepml.processor": {"Fill", "Histogram", "Preset", "Processor", "Selected", "replace_cuts"},
    "hepml.registry": {"find_processor", "processor_names", "registered_name"},
    "hepml.tables": {"FeatureTable", "arrow_schema", "write_part"},
    "hepml.stats.results": {
        "Band",
        "Excess",
        "Fit",
        "Hunt",
        "HuntRow",
        "Limit",
        "PeakFit",
        "Result",
        "Scan",
        "ScanPoint",
        "Spectrum",
        "Spurious",
        "Toys",
    },
    "hepml.stats.sample": {"MassSample", "read_sample"},
    "hepml.windows": {
        "RESOLUTION",
        "RESONANCES",
        "WINDOWS",
        "Binning",
        "Resonance",
        "Window",
        "find_window",
        "geometric_edges",
        "scan_binnings",
    },
    "hepml.workspace": {"make_workspace"},
    "processors": {
        "DijetProcessor",
        "DimuonProcessor",
        "DiphotonProcessor",
        "ShowerProcessor",
        "TopJetProcessor",
    },
}
# Each of these takes from 0.1 to several seconds to import; pydantic, which typer imports for
# the help of a command, takes less.
HEAVY = {
    "awkward",
    "coffea",
    "dask",
    "distributed",
    "h5py",
    "hist",
    "imblearn",
    "lightgbm",
    "matplotlib",
    "numba",
    "numpy",
    "optuna",
    "pandas",
    "pyarrow",
    "scipy",
    "skops",
    "sklearn",
    "torch",
    "uproot",
    "vector",
    "zuko",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_these(module: str) -> None:
    assert set(import_module(module).__all__) == PUBLIC[module]


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_exist(module: str) -> None:
    imported = import_module(module)
    for name in PUBLIC[module]:
        assert getattr(imported, name) is not None


@pytest.mark.parametrize("module", ["hepml", "hepml.ml", "hepml.plots", "processors"])
def test_completion_shows_the_public_names(module: str) -> None:
    assert set(dir(import_module(module))) == PUBLIC[module]


@pytest.mark.parametrize("module", ["hepml", "hepml.ml", "hepml.plots", "processors"])
def test_a_name_that_does_not_exist_is_an_attribute_error(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'nope'"):
        import_module(module).nope  # noqa: B018


HELP = "import sys; sys.argv = ['hepml', *{words!r}]\ntry:\n    from hepml.cli import main; main()"
HELP += "\nexcept SystemExit as end:\n    assert not end.code, end.code\n"


@pytest.mark.parametrize(
    "code",
    [
        "import hepml\n",
        "import hepml; import processors; import hepml.errors; import hepml.plots\n",
        HELP.format(words=["--help"]),
        HELP.format(words=["--version"]),
        HELP.format(words=["run", "--help"]),
        HELP.format(words=["hunt", "--help"]),
        HELP.format(words=["fit", "diphoton", "--help"]),
        HELP.format(words=["export", "--help"]),
        HELP.format(words=["ml", "shower-id", "--help"]),
        HELP.format(words=["ml", "higgs-production", "--help"]),
        HELP.format(words=["ml", "upsilon-anomaly", "--help"]),
        HELP.format(words=["explore", "--help"]),
        HELP.format(words=["import", "topjet", "--help"]),
    ],
    ids=[
        *("hepml", "packages", "help", "version", "run", "hunt", "fit", "export", "ml"),
        *("production", "anomaly", "explore", "import"),
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    code += "print(','.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + code], check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.splitlines()[-1].split(","))
    assert "hepml" in loaded
    assert loaded & HEAVY == set()

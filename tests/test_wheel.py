"""The distribution holds what it needs, installed from a wheel or editable."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from hepml.catalogue import Catalogue

pytestmark = [pytest.mark.wheel, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[1]


def call(*words: str | Path, cwd: Path) -> str:
    """Run a command, away from the repository."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as an index would get it."""
    out = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with hepml in it and the dependencies of this one; its programs."""
    home = tmp_path_factory.mktemp(request.param)
    venv.create(home / "venv", with_pip=False)
    (packages,) = (home / "venv").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    what = [request.getfixturevalue("wheel")]
    if request.param == "editable":
        what = ["--no-build-isolation", "--editable", ROOT]
    python = home / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    call(
        *pip, "install", "--quiet", "--ignore-installed", "--no-deps", "--no-index", *what, cwd=home
    )
    return python.parent


def test_the_wheel_holds_types_catalogue_and_schema(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {
        "hepml/py.typed",
        "processors/py.typed",
        "hepml/datasets.json",
        "hepml/catalogue.schema.json",
    } <= names


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"hepml", "processors"}


def test_the_catalogue_is_found_from_another_folder(installed: Path, tmp_path: Path) -> None:
    text = call(installed / "hepml", "datasets", "list", cwd=tmp_path)
    missing = [item.key for item in Catalogue.load().datasets if item.key not in text]
    assert missing == []


def test_both_packages_are_the_installed_ones(installed: Path, tmp_path: Path) -> None:
    code = (
        "import hepml, processors; from importlib.metadata import version;"
        "from processors import DiphotonProcessor; from processors.diphoton import DiphotonCuts;"
        "assert version('hepml-columnar') == hepml.__version__;"
        "print(hepml.__file__); print(processors.__file__)"
    )
    text = call(installed / "python", "-c", code, cwd=tmp_path)
    home = ROOT if "editable" in str(installed) else installed.parent
    assert [Path(line).is_relative_to(home) for line in text.splitlines()] == [True, True]


def test_processors_are_registered(installed: Path, tmp_path: Path) -> None:
    code = "from hepml.registry import processor_names; print(*processor_names())"
    assert {"diphoton", "dimuon"} <= set(
        call(installed / "python", "-c", code, cwd=tmp_path).split()
    )

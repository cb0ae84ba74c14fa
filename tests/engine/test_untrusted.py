"""A run directory from a stranger: reading it executes nothing and writes nowhere else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hepml
from hepml.engine import Run
from hepml.engine.plan import Plan
from hepml.engine.resume import check, resume
from hepml.engine.store import plain_name
from hepml.errors import HepmlError, OutputError, ProcessorError
from tests.conftest import Answer
from tests.engine.probe import ProbeProcessor

EVIL = "from pathlib import Path\nPath('executed').touch()\nclass Evil: pass\n"
PACKAGES = [Path(hepml.__file__).parent, Path(hepml.__file__).parents[1] / "processors"]

# Modules and functions that execute what they read.
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {"eval", "exec", "__import__"}
# The selection and its chunks travel to the workers of this very run as cloudpickle; they are
# never on disk.
WIRE = {"engine/dispatch.py", "engine/openings.py", "engine/task.py"}


@pytest.fixture
def plain_run(cluster_files: list[Path], tmp_path: Path) -> Run:
    options = {"executor": "iterative", "chunk_size": 50}
    return hepml.run(ProbeProcessor(), [str(cluster_files[0])], out=tmp_path / "run", **options)  # type: ignore[arg-type]


@pytest.fixture
def _inside(plain_run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in the run directory, which is searched for modules as the command line does."""
    monkeypatch.chdir(plain_run.path)
    monkeypatch.setattr(sys, "path", [*sys.path, os.getcwd()])
    yield
    assert not (plain_run.path / "executed").exists()
    assert "evil" not in sys.modules


def change_plan(run: Run, **changes: object) -> None:
    content = json.loads(run.layout.plan.read_text())
    run.layout.plan.write_text(json.dumps(content | changes))


@pytest.mark.usefixtures("_inside")
def test_a_processor_that_lies_in_the_run_directory_is_never_imported(
    plain_run: Run, cli: Callable[..., Answer]
) -> None:
    Path("evil.py").write_text(EVIL)
    change_plan(plain_run, processor="evil:Evil")
    assert check(plain_run.path).complete
    assert cli("check", ".").code == 0
    assert Run(".").histograms
    assert len(Run(".").features)
    with pytest.raises(ProcessorError, match="code lies in the run directory itself"):
        resume(".", executor="iterative")


@pytest.mark.usefixtures("_inside")
def test_nor_one_of_a_package_in_it(plain_run: Run) -> None:
    Path("evil").mkdir()
    Path("evil", "__init__.py").write_text(EVIL)
    Path("evil", "inner.py").write_text(EVIL)
    change_plan(plain_run, processor="evil.inner:Evil")
    plain_run.layout.provenance.unlink()
    with pytest.raises(OutputError, match="processor is not registered"):
        check(plain_run.path)
    with pytest.raises(ProcessorError, match="code lies in the run directory itself"):
        resume(plain_run.path, executor="iterative")


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "..", ".", "", "a/b", "a\0b"])
def test_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    with pytest.raises(OutputError, match="cannot be the name"):
        plain_name(name)


@pytest.mark.parametrize("field", ["dataset", "uuid"])
def test_a_plan_cannot_reach_files_outside_of_its_folder(plain_run: Run, field: str) -> None:
    (file,) = json.loads(plain_run.layout.plan.read_text())["files"]
    victim = plain_run.path.parent / "victim"
    victim.mkdir()
    (victim / "file.parquet").touch()
    change_plan(plain_run, files=[file | {field: "../../victim"}])
    for action in (check, resume):
        with pytest.raises(HepmlError):
            action(plain_run.path)
    assert [path.name for path in victim.iterdir()] == ["file.parquet"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"version": 1}', '{"version": 1, "files": 3}', '{"version": 1, "x": {}}'],
)
def test_a_damaged_plan_is_an_error_with_a_name(plain_run: Run, content: str) -> None:
    plain_run.layout.plan.write_text(content)
    with pytest.raises(OutputError, match=r"plan\.json"):
        Plan.load(plain_run.layout.plan)


def test_a_pickle_under_any_name_of_a_run_is_not_read(plain_run: Run) -> None:
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.mkdir, (str(plain_run.path.parent / "executed"),))

    bomb = pickle.dumps(Bomb())
    for path in sorted(p for p in plain_run.path.rglob("*") if p.is_file()):
        kept = path.read_bytes()
        path.write_bytes(bomb)
        read_all(plain_run.path)
        path.write_bytes(kept)
    shutil.rmtree(plain_run.layout.checkpoints)
    assert not (plain_run.path.parent / "executed").exists()


def read_all(path: Path) -> None:
    """Read everything of a run directory, whatever fails."""
    for read in (
        lambda run: run.plan,
        lambda run: run.report,
        lambda run: run.provenance,
        lambda run: run.cutflow,
        lambda run: run.histograms,
        lambda run: run.features.to_pandas(),
        lambda run: run.check(),
    ):
        try:
            read(Run(path))
        except (HepmlError, OSError, ValueError):
            continue


def unsafe(path: Path) -> list[str]:
    """Uses of what executes data, as ``line: name``."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in UNSAFE_CALLS or name in ("cloudpickle.loads", "cloudpickle.load"):
                found.append(f"{node.lineno}: {name}")
            options = {item.arg: ast.unparse(item.value) for item in node.keywords}
            if options.get("allow_pickle") == "True":
                found.append(f"{node.lineno}: allow_pickle")
            if name == "torch.load" and options.get("weights_only") != "True":
                found.append(f"{node.lineno}: torch.load")
        found += [f"{node.lineno}: {name}" for name in names if name in UNSAFE_MODULES]  # type: ignore[attr-defined]
    return found


def test_nothing_that_is_read_is_unpickled_or_executed() -> None:
    files = [path for package in PACKAGES for path in package.rglob("*.py")]
    assert len(files) > 50
    found = {str(path.relative_to(path.parents[1])): unsafe(path) for path in files}
    used = {name: lines for name, lines in found.items() if lines}
    assert set(used) == WIRE, used
    assert all("cloudpickle.loads" in line for lines in used.values() for line in lines)


def test_the_search_for_unsafe_code_finds_some(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("import pickle\neval('1')\nnp.load(f, allow_pickle=True)\ntorch.load(f)\n")
    assert len(unsafe(path)) == 4


def test_a_run_directory_is_not_open_to_everybody_whatever_the_umask(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        words = [str(cluster_files[0])]
        run = hepml.run(ProbeProcessor(), words, out=tmp_path / "a" / "run", executor="iterative")
    finally:
        os.umask(before)
    paths = [tmp_path / "a", run.path, *run.path.rglob("*")]
    assert len(paths) > 8
    assert [path for path in paths if path.stat().st_mode & 0o002] == []

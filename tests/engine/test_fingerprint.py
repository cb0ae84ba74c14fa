"""The fingerprint follows cuts, code and versions, and nothing else."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hepml.engine import fingerprint as module
from hepml.engine.fingerprint import code_hash, fingerprint
from tests.engine.probe import ProbeCuts, ProbeProcessor

SOURCE = """
from tests.engine.probe import ProbeProcessor
class Own(ProbeProcessor):
    name = "own"
    factor = {factor}
"""


def test_the_same_processor_has_the_same_fingerprint() -> None:
    assert fingerprint(ProbeProcessor()) == fingerprint(ProbeProcessor())


@pytest.mark.parametrize(
    "other",
    [
        {"cuts": ProbeCuts(pt=41.0)},
        {"preset": "hard"},
        {"weight": "none"},
        {"luminosity": 2.0},
        {"systematics": True},
        {"table": False},
        {"cross_sections": {"ggF": 1.0}},
    ],
)
def test_every_parameter_counts(other: dict[str, Any]) -> None:
    assert fingerprint(ProbeProcessor(**other)) != fingerprint(ProbeProcessor())


def test_the_code_of_the_processors_module_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "own_probe.py"
    hashes = []
    for factor in (1, 2, 1):
        path.write_text(SOURCE.format(factor=factor))
        sys.modules.pop("own_probe", None)
        importlib.invalidate_caches()
        hashes.append(code_hash(importlib.import_module("own_probe").Own))
    sys.modules.pop("own_probe")
    assert hashes[0] != hashes[1]
    assert hashes[0] == hashes[2]


def test_the_code_of_the_whole_package_around_a_processor_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    inner = tmp_path / "own_package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").touch()
    (inner / "own.py").write_text(SOURCE.format(factor=1))
    hashes = []
    for limit in (10, 20):
        (inner.parent / "limits.py").write_text(f"LIMIT = {limit}")
        for name in [name for name in sys.modules if name.startswith("own_package")]:
            monkeypatch.delitem(sys.modules, name)
        importlib.invalidate_caches()
        hashes.append(code_hash(importlib.import_module("own_package.inner.own").Own))
    assert hashes[0] != hashes[1]


def test_the_code_of_the_shipped_processors_counts_for_every_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import processors

    (tmp_path / "dimuon.py").write_text("THRESHOLD = 3")
    before = code_hash(ProbeProcessor)
    monkeypatch.setattr(processors, "__file__", str(tmp_path / "__init__.py"))
    module.framework_hash.cache_clear()
    module._code_hash.cache_clear()
    after = code_hash(ProbeProcessor)
    monkeypatch.undo()
    module.framework_hash.cache_clear()
    module._code_hash.cache_clear()
    assert after != before


def test_versions_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(ProbeProcessor())
    monkeypatch.setattr(module, "package_versions", lambda: {"awkward": "0.1"})
    assert fingerprint(ProbeProcessor()) != before


def test_a_class_without_a_file_has_a_fingerprint() -> None:
    own = type("Own", (ProbeProcessor,), {"name": "own", "__module__": "__main__"})
    assert len(fingerprint(own())) == 32


@pytest.mark.slow
def test_another_process_finds_the_same_fingerprint() -> None:
    script = (
        "from hepml.engine.fingerprint import fingerprint\n"
        "from tests.engine.probe import ProbeProcessor\n"
        "print(fingerprint(ProbeProcessor()))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == fingerprint(ProbeProcessor())


def test_what_does_not_count_is_there() -> None:
    root = Path(module.__file__).parents[1]
    assert [name for name in module.OUTSIDE if not (root / name).exists()] == []

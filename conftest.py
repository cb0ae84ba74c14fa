"""Run the examples of the documentation: Python blocks, and ``hepml`` commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser


def run_commands(example: Example) -> None:
    """Run every line that begins with ``$ hepml`` as the command line would."""
    from typer.testing import CliRunner

    from hepml.cli import app

    for line in str(example.parsed).replace("\\\n", " ").splitlines():
        if not line.startswith("$ hepml "):
            continue
        result = CliRunner().invoke(app, shlex.split(line)[2:])
        if result.exit_code != 0:
            raise AssertionError(f"{line}\n{result.output}\n{result.exception}")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a small simulated sample in ``files``; examples run in it."""
    from hepml.simulate.diphoton import simulate

    folder = tmp_path_factory.mktemp("docs")
    simulate(folder / "files", 4000, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def setup(namespace: dict[str, Any]) -> None:
    """Start every page with an empty namespace."""
    namespace.clear()


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(),
        CodeBlockParser(language="console", evaluator=run_commands),
        SkipParser(),
    ],
    patterns=["docs/*.md", "README.md"],
    fixtures=["sample"],
    setup=setup,
).pytest()

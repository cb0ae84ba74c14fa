"""The progress bar counts checkpoints, whatever the executor."""

from __future__ import annotations

from pathlib import Path

import pytest

import hepml
from tests.engine.probe import ProbeProcessor


@pytest.mark.parametrize("executor", ["iterative", "futures"])
def test_the_bar_shows_events_and_rate(
    cluster_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], executor: str
) -> None:
    hepml.run(
        ProbeProcessor(),
        [str(cluster_files[0])],
        out=tmp_path / "run",
        executor=executor,
        progress=True,
    )
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "probe" in shown.err
    assert "100 %" in shown.err
    assert "200/200 events" in shown.err
    assert "events/s" in shown.err


def test_without_a_bar_nothing_is_printed(
    cluster_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hepml.run(ProbeProcessor(), [str(cluster_files[0])], out=tmp_path / "run", executor="iterative")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")

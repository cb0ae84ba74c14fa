"""Published numbers, and the archive that holds uncertainties of published taggers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import FileAccessError
from hepml.ml.toptag.published import PUBLISHED, read_benchmarks


def test_better_taggers_reject_more() -> None:
    for name in ("auc", "accuracy", "rejection_50", "rejection_80"):
        values = [getattr(item, name) for item in PUBLISHED]
        assert values == sorted(values)


def test_no_published_uncertainty_is_made_up() -> None:
    assert all(item.uncertainty is None for item in PUBLISHED)
    assert all(item.reference for item in PUBLISHED)


def test_an_archive_of_benchmarks(tmp_path: Path) -> None:
    path = tmp_path / "bg50_benchmarks.npz"
    np.savez(path, pnet_br=150.0, pnet_br_uncert=20.0, pfn_br=np.array([105.0]))
    found = {item.name: item for item in read_benchmarks(path)}
    assert found["particlenet"].title == "ParticleNet"
    assert found["particlenet"].rejection_50 == 150.0
    assert found["particlenet"].uncertainty == pytest.approx(0.20)
    assert found["pfn"].uncertainty is None


def test_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"none\.npz"):
        read_benchmarks(tmp_path / "none.npz")
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    with pytest.raises(FileAccessError, match=r"text\.npz"):
        read_benchmarks(text)
    np.savez(tmp_path / "other.npz", tpr=np.zeros(2))
    with pytest.raises(FileAccessError, match="holds tpr"):
        read_benchmarks(tmp_path / "other.npz")

"""No event serves two purposes, and data and reference are composed of their own events."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.events import DijetEvents, read_dijets
from hepml.ml.dijet.roles import ROLES
from hepml.ml.dijet.stages import make_stages

from .tables import write_table


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> DijetEvents:
    return read_dijets(write_table(tmp_path_factory.mktemp("table"), 1_000, 60))


def test_no_event_has_two_purposes(events: DijetEvents) -> None:
    found = make_stages(events, DijetOptions(mu=0.1))
    weak = np.concatenate([found.weak_train.rows, found.weak_validation.rows])
    used = np.concatenate([weak, found.test, np.flatnonzero(found.of(*ROLES[:2]))])
    assert len(np.unique(used)) == len(used)


def test_data_have_the_signal_fraction_that_was_asked_for(events: DijetEvents) -> None:
    sample = make_stages(events, DijetOptions(mu=0.1)).weak_train
    mode = events.mode[sample.rows]
    assert (mode[~sample.data] == -1).all()
    background = int((mode[sample.data] == -1).sum())
    assert int((mode[sample.data] >= 0).sum()) == pytest.approx(background / 9, abs=2)


def test_without_signal_the_data_are_background(events: DijetEvents) -> None:
    sample = make_stages(events, DijetOptions(mu=0.0)).weak_train
    assert (events.mode[sample.rows] == -1).all()


def test_only_signal_of_the_mass_point_is_in_data_and_test(events: DijetEvents) -> None:
    found = make_stages(events, DijetOptions(mu=0.1))
    rows = np.concatenate([found.weak_train.rows, found.test])
    masses = events.masses[rows][events.mode[rows] >= 0]
    assert (masses == 300).all()


def test_over_all_folds_every_event_is_tested_once(events: DijetEvents) -> None:
    asked = DijetOptions(mu=0.1, folds=5)
    tested = np.concatenate([make_stages(events, asked, fold).test for fold in range(5)])
    wanted = np.flatnonzero(events.background | events.at((300.0, 300.0)))
    np.testing.assert_array_equal(np.sort(tested), wanted)


def test_data_of_folds_have_no_event_in_common(events: DijetEvents) -> None:
    asked = DijetOptions(mu=0.1, folds=5)
    rows = np.concatenate([make_stages(events, asked, fold).weak_train.rows for fold in range(5)])
    assert len(np.unique(rows)) == len(rows)

"""The figure of toys shows their share, the local law and the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, norm

from hepml.ml.dijet.discovery import boundary_log10_p
from hepml.ml.dijet.results import Fitted, Parameter
from hepml.plots.dijet_toys import local_law, toys_figure
from hepml.stats.toys import summarise


def fitted(q0: float, *others: str, toys: bool = True) -> Fitted:
    values = np.array([1.0, 4.0, 6.0, 9.0])
    found = summarise(values, 0, q0, 0) if toys else None
    information = np.array([[1.0, 0.3], [0.3, 1.0]])
    return Fitted(
        parameters=tuple(Parameter(name=name, value=0.1) for name in ("mu", *others)),
        q0=q0,
        p=10 ** boundary_log10_p(q0, information if others else information[:1, :1]),
        Z=2.0,
        q0_toys=found,
        q0_global=q0,
    )


def drawn(found: Fitted) -> Any:
    return toys_figure(found, title="Prior-assisted").axes[0]


def test_the_share_falls_by_one_toy_at_a_time() -> None:
    axes = drawn(fitted(5.0))
    line = axes.lines[0]
    assert line.get_xdata().tolist() == [0, 1, 1, 4, 4, 6, 6, 9]
    assert line.get_ydata().tolist() == [1, 1, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25]
    texts = [item.get_text() for item in axes.get_legend().get_texts()]
    assert texts == [
        "4 toys: data and reference shuffled",
        "Asymptotic, at the fitted masses",
        "Observed: 5.0",
    ]


def test_an_upper_limit_is_said_to_be_one() -> None:
    title = drawn(fitted(30.0)).get_legend().get_title().get_text()
    assert "Global p = 0.2" in title
    assert "an upper limit" in title
    assert "an upper limit" not in drawn(fitted(5.0)).get_legend().get_title().get_text()


def test_the_local_law_is_that_of_the_local_p_value() -> None:
    q0 = np.array([0.5, 2.0, 9.0])
    np.testing.assert_allclose(local_law(fitted(4.0), q0), norm.sf(np.sqrt(q0)))
    found = local_law(fitted(4.0, "alpha"), q0)
    information = np.array([[1.0, 0.3], [0.3, 1.0]])
    wanted = [10 ** boundary_log10_p(float(value), information) for value in q0]
    np.testing.assert_allclose(found, wanted)


def test_it_stays_between_its_limits_where_the_p_value_says_nothing() -> None:
    found = local_law(fitted(1e4, "alpha"), np.array([4.0]))
    assert norm.sf(2.0) <= found[0] <= norm.sf(2.0) + chi2.sf(4.0, 2) / 2


def test_more_modes_have_no_simple_law() -> None:
    assert local_law(fitted(4.0, "alpha_2", "alpha_3"), np.ones(1)) is None


def test_without_toys_the_figure_is_empty() -> None:
    assert not drawn(fitted(4.0, toys=False)).lines


@pytest.mark.parametrize("size", [1, 2_000])
def test_any_number_of_toys_is_drawn(size: int) -> None:
    q0 = np.random.default_rng(1).chisquare(2, size)
    found = fitted(4.0).model_copy(update={"q0_toys": summarise(q0, 0, 4.0, 0)})
    figure = toys_figure(found)
    figure.canvas.draw()
    assert figure.axes[0].get_ylim()[0] < 1 / size

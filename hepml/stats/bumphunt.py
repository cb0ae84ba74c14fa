"""The bump hunt: a mass spectrum, or one for each cut on a score, tested for an excess."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml import __version__
from hepml.errors import ParameterError, StatisticsError, did_you_mean
from hepml.stats.backgrounds import Background
from hepml.stats.cuts import Selection, all_events, score_cuts
from hepml.stats.excess import Outcome, SignalTest
from hepml.stats.points import COARSE
from hepml.stats.results import Hunt, HuntRow, Spurious
from hepml.stats.rows import Evaluate
from hepml.stats.scales import Scale, check_scale, sideband_scale
from hepml.stats.signals import peaks_of
from hepml.windows import Window, find_window

__all__ = ["hunt"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

# Below this the published toys find the asymptotic p-values too small.
FEW = 150


def hunt(
    masses: NDArray[Any],
    window: Window | str = "upsilon",
    *,
    weights: NDArray[Any] | None = None,
    scale: Scale = "bin",
    scores: Mapping[str, NDArray[Any]] | None = None,
    fpr: Sequence[float] = COARSE,
    same_sign: NDArray[Any] | None = None,
    same_sign_weights: NDArray[Any] | None = None,
    degree: int | None = None,
    bins: int = 11,
    background: str = "polynomial",
    evaluate: Evaluate = "centre",
    signal: Literal["count", "shape"] = "count",
    toys: int = 0,
    limit: bool = False,
    variations: bool = False,
    scan: bool = False,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
    source: Mapping[str, Any] | None = None,
) -> Hunt:
    """Hunt for a resonance.

    Parameters
    ----------
    masses : array of shape (n,)
        Masses [GeV], of all events or of those in the window.
    window : Window or str
        Signal region and sidebands: a name, four edges in GeV, or an object.
    weights : array of shape (n,), optional
        Event weights; the likelihood is then a scaled Poisson.
    scale : {"bin", "sideband"}
        How much an event counts in a weighted bin, sum(w^2) / sum(w): by the bin's own events (as
        published), or by those of all sideband bins. Where weights differ much, a bin that holds
        a large one by chance counts less by its own scale, and the fit comes out too low.
    scores : mapping of str to array of shape (n,), optional
        Scores to cut on, larger for signal: one result per score and false-positive rate.
    fpr : sequence of float
        Shares of sideband events that pass a cut, in (0, 1].
    same_sign, same_sign_weights : array, optional
        Same-sign pairs, where no resonance is: the test on them is the spurious signal.
    degree : int, optional
        Degree of the background; default: the window's own (5 for ``upsilon``).
    bins : int
        Bins of the signal region (the sidebands take the same width).
    background : {"polynomial", "exponential", "bernstein"}
        Family of the background.
    evaluate : {"centre", "integral"}
        In a count, whether sideband bins see the background at their centre (as published) or
        integrated.
    signal : {"count", "shape"}
        The signal region as one count, or peaks at the known masses of the window.
    toys : int
        Pseudo-experiments of the background for each result.
    limit, variations, scan : bool
        Also give CLs limits; other degrees, bins and families; all windows from the lowest to
        the highest mass, with a global p-value if there are toys.
    seed, workers : int
        Of the pseudo-experiments; the result does not depend on ``workers``.
    progress : callable, optional
        Called with what is being done, how much is done and how much there is.
    source : mapping, optional
        Where the data came from, for the record.

    Returns
    -------
    Hunt
        One row per selection; a row that could not be fitted says why.

    Raises
    ------
    ParameterError
        If a parameter makes no sense.
    StatisticsError
        If no selection could be fitted at all.
    """
    if signal not in ("count", "shape"):
        raise ParameterError(
            f"There is no signal {signal!r}. " + did_you_mean(signal, ("count", "shape"))
        )
    check_scale(scale)
    chosen = find_window(window) if isinstance(window, str) else window
    order = chosen.degree if degree is None else degree
    everything = all_events("all", masses, weights, "masses")
    test = SignalTest(
        chosen.binning(bins),
        Background(background, order, chosen.left, chosen.right),
        peaks_of(chosen) if signal == "shape" else None,
        evaluate,
    )
    work = _Work(test, chosen, scale, toys, limit, seed, workers, progress)
    selections = [everything, *score_cuts(everything, chosen, scores or {}, fpr)]
    rows = [work.row(item, place, len(selections)) for place, item in enumerate(selections)]
    if all(row.Z is None for row in rows):
        raise StatisticsError(rows[0].status)
    spurious, bias = None, None
    if same_sign is not None:
        control = all_events("same sign", same_sign, same_sign_weights, "same_sign")
        spurious, bias = work.row(control, 0, 1), work.bias(everything, control)
    return Hunt(
        version=__version__,
        source=dict(source or {}),
        window={k: v for k, v in asdict(chosen).items() if k in ("name", *EDGES)},
        settings={
            "degree": order,
            "bins": bins,
            "background": background,
            "evaluate": evaluate,
            **({"scale": scale} if weights is not None else {}),
            "signal": signal,
            "toys": toys,
            "seed": seed,
        },
        results=tuple(rows),
        variations=work.variations(everything) if variations else None,
        spurious=spurious,
        bias=bias,
        scan=work.scan(everything) if scan else None,
        notes=_notes(signal, chosen),
    )


EDGES = ("left", "low", "high", "right")


@dataclass(frozen=True)
class _Work:
    """Settings shared by all rows."""

    test: SignalTest
    window: Window
    scale: Scale
    toys: int
    limit: bool
    seed: int
    workers: int
    progress: Progress | None

    def row(self, selection: Selection, place: int, total: int) -> HuntRow:
        """Test one selection; a failure becomes the row's status."""
        if self.progress is not None:
            self.progress(f"fitting {selection.name}", place, total)
        inside = (selection.masses >= self.window.left) & (selection.masses < self.window.right)
        base = HuntRow(
            selection=selection.name,
            score=selection.score,
            fpr=selection.fpr,
            cut=selection.cut,
            degree=self.test.background.degree,
            bins=self.test.binning.bins,
            events=int(inside.sum()),
        )
        counts, variances = self.counted(selection)
        try:
            outcome = self.test.run(counts, variances)
            found = self._found(outcome, counts, variances)
        except StatisticsError as error:
            return base.model_copy(update={"status": str(error)})
        return base.model_copy(update=found | {"status": self._status(outcome, base.events)})

    def counted(self, selection: Selection) -> tuple[Array, Array]:
        """Sums of weights and of their squares per bin."""
        counts, variances = self.test.binning.count(selection.masses, selection.weights)
        if selection.weights is None or self.scale == "bin":
            return counts, variances
        return counts, counts * sideband_scale(self.test.binning, counts, variances)

    def _found(self, outcome: Outcome, counts: Array, variances: Array) -> dict[str, Any]:
        excess = outcome.excess
        shape = self.test.peaks is not None
        found: dict[str, Any] = {
            name: getattr(excess, name) for name in ("S", "B", "sigma_B", "Z", "p", "log10_p")
        }
        rows = len(outcome.likelihood.counts)
        found |= {
            "excess": excess,
            "sideband": None if shape else outcome.free.result(rows - 1),
            "joint": outcome.free.result(rows) if shape else outcome.null.result(rows),
            "expected_Z": self.test.expected(outcome),
            "spectrum": self.test.spectrum(outcome, counts, variances),
        }
        if self.limit:
            from hepml.stats.limits import upper_limit

            found["limit"] = upper_limit(self.test, outcome)
        if self.toys:
            from hepml.stats.toys import background_toys

            found["toys"] = background_toys(
                self.test,
                outcome,
                self.toys,
                seed=self.seed,
                workers=self.workers,
                progress=self.progress,
            )
        return found

    def _status(self, outcome: Outcome, events: int) -> str:
        """What a reader of the row must know."""
        said = [
            f"{what}: {text}"
            for what, fit in (("with signal", outcome.free), ("without", outcome.null))
            if (text := fit.minimum.message)
        ]
        # without a signal a large peak may well pull the background to zero elsewhere
        if outcome.free.constrained:
            said.append("background held at zero")
        if events < FEW and not self.toys:
            said.append(f"fewer than {FEW} events: take the p-value from toys")
        return "; ".join(said) or "ok"

    def bias(self, selection: Selection, control: Selection) -> Spurious | None:
        """What a control sample says of the fit's bias; ``None`` where it says nothing."""
        from hepml.stats.spurious import spurious_signal

        both = [self.counted(item) for item in (selection, control)]
        try:
            return spurious_signal(*(self.test.run(*counted) for counted in both))
        except StatisticsError:
            return None  # the rows of both say why

    def variations(self, selection: Selection) -> Any:
        """Other degrees, bins and families."""
        from hepml.stats.degrees import vary

        return vary(self.test, self.window, selection.masses, selection.weights)

    def scan(self, selection: Selection) -> Any:
        """All windows."""
        from hepml.stats.scan import scan

        return scan(
            selection.masses,
            selection.weights,
            toys=self.toys,
            seed=self.seed,
            workers=self.workers,
            progress=self.progress,
        )


def _notes(signal: str, window: Window) -> tuple[str, ...]:
    if signal == "shape" and not window.peaks:
        middle = 0.5 * (window.low + window.high)
        return (f"No resonance is known in {window.name}: one peak at {middle:g} GeV was fitted.",)
    return ()

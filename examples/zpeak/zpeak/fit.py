"""Fit the Z peak in the table of a run: `python -m zpeak.fit RUN` writes fit.json and fit.png."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hepml.plots.fits import draw_fit
from hepml.stats import fit_peak
from hepml.stats.results import PeakFit
from hepml.stats.sample import read_sample

__all__ = ["fit_run", "fit_z"]

# Particle Data Group, 2022 [GeV]: where the fit starts
Z_MASS = 91.1876


def fit_z(masses: Any, *, low: float = 60.0, high: float = 120.0, **options: Any) -> PeakFit:
    """Fit a Z peak on an exponential to masses [GeV]; position and width are free.

    Resolution makes the core a Gaussian, beyond it a Breit-Wigner falls with power 2.
    """
    return fit_peak(
        masses,
        low=low,
        high=high,
        bins=60,
        mass=Z_MASS,
        width=2.0,
        free_mass=True,
        free_width=True,
        signal="crystal-ball",
        tails=(1.2, 2.0),
        background="exponential",
        degree=1,
        **options,
    )


def fit_run(run: str | Path) -> PeakFit:
    """Fit the opposite-sign pairs of a run directory, and leave the fit and its figure there."""
    sample = read_sample(run, mass="dimuon_mass", sign="opposite", window=(60.0, 120.0))
    found = fit_z(sample.masses, weights=sample.weights, source=sample.source)
    folder = Path(run) / "fit"
    folder.mkdir(exist_ok=True)
    found.write(folder / "fit.json")
    draw_fit(found, folder, ("png",))
    return found


if __name__ == "__main__":
    z = fit_run(sys.argv[1])
    print(f"{z.excess.S:,.0f} Z bosons at {z.mass:.2f} ± {z.mass_error:.2f} GeV")

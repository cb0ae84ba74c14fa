"""The engine: plan, execute on any executor, reconcile, resume."""

from __future__ import annotations

from hepml.engine.run import run
from hepml.engine.rundir import Run

__all__ = ["Run", "run"]

"""The engine: plan, execute on any executor, reconcile, resume."""

from __future__ import annotations

from hepml.engine.run import Run, run

__all__ = ["Run", "run"]

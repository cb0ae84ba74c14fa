"""Imported once by the server that workers are forked from, so that each of them need not."""

from __future__ import annotations

import coffea.nanoevents
import coffea.processor  # noqa: F401
import pyarrow.parquet  # noqa: F401

import hepml.engine.task  # noqa: F401
import processors.dimuon
import processors.diphoton
import processors.pairs
from hepml.engine.jagged import prepare

# workers inherit the compiled kernels
prepare()
processors.pairs.prepare()

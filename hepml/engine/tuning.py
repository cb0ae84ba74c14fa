"""How dask and the memory allocator are set for workers that run one chunk after the other.

Measured on 2 M events with two workers: dask's own settings cost half as much CPU again as a pool
of processes, these settings nothing that can be measured.
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["LOCAL", "WORKER_ENVIRONMENT"]

# A chunk allocates and frees arrays of some ten MB again and again. dask tells the allocator to
# hand every one of them back at once, and the pages are then faulted in and zeroed once more.
MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": 268_435_456,
    "MALLOC_MMAP_THRESHOLD_": 134_217_728,
    "MALLOC_ARENA_MAX": 1,
    "OMP_NUM_THREADS": 1,
    "MKL_NUM_THREADS": 1,
    "OPENBLAS_NUM_THREADS": 1,
}

# a cluster on this machine shares its cores with the workers
LOCAL: dict[str, Any] = {
    "distributed.nanny.pre-spawn-environ": MEMORY,
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.tick.interval": "500ms",
    # a worker that was killed is given up while it starts again if that takes longer: importing
    # everything costs 5 s on a quiet machine and 20 s on one that has other work
    "distributed.deploy.lost-worker-timeout": "60s",
}

# the same for workers that other means start: dask reads its settings from the environment
WORKER_ENVIRONMENT = {"DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON": json.dumps(MEMORY)}

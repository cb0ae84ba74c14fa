"""Run a process and measure all of it: wall time, CPU of every descendant, largest memory."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["BenchmarkError", "Measurement", "measure", "run_command"]

_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_HERE = Path(__file__).parent


class BenchmarkError(Exception):
    """A contender failed, or contenders disagree."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One process and its descendants.

    Attributes
    ----------
    wall : float
        From starting the interpreter to its end [s].
    cpu : float
        User and system time of the process and all its descendants [s].
    memory : float
        Largest resident memory of any one of these processes [MB].
    """

    wall: float
    cpu: float
    memory: float

    def as_json(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def measure(
    contender: str,
    files: Sequence[Path],
    *,
    channel: str,
    workload: str,
    warm: Sequence[Path] = (),
    sums: bool = False,
    chunk_size: int = 250_000,
    scratch: Path,
) -> tuple[Measurement, dict[str, Any]]:
    """Run one contender once.

    Parameters
    ----------
    contender : str
        Name of the contender.
    files : sequence of path
        What to process.
    channel, workload : str
        Which analysis, and which variant of it.
    warm : sequence of path
        Processed first in the same process, where given: the answer's ``seconds`` are then the
        steady state.
    sums : bool
        Hand back the sum of each column of the feature table.
    chunk_size : int
        Wanted events a chunk, for hepml.
    scratch : path
        Folder for what the contender writes.

    Raises
    ------
    BenchmarkError
        If the contender fails; with the end of what it printed.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        answer, log = Path(folder) / "answer.json", Path(folder) / "log"
        command = [sys.executable, str(_HERE / "contenders.py"), contender, *map(str, files)]
        command += [f"--scratch={folder}", f"--answer={answer}", f"--chunk-size={chunk_size}"]
        command += [f"--channel={channel}", f"--workload={workload}"] + ["--sums"] * sums
        if warm:
            command += ["--steady", "--warm", *map(str, warm)]
        with log.open("w") as output:
            code, measured = run_command(command, output)
        if code or not answer.exists():
            tail = "\n".join(log.read_text().splitlines()[-15:])
            raise BenchmarkError(f"{contender} ended with code {code}:\n{tail}")
        return measured, json.loads(answer.read_text())


def run_command(command: Sequence[str], output: Any) -> tuple[int, Measurement]:
    """Start, wait, and collect the descendants that outlive the process (pool servers)."""
    _adopt_orphans()
    # bytecode must be kept, or every process compiles the stack anew
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    wall, cpu, memory, code = 0.0, 0.0, 0.0, 1
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        if pid == process.pid:
            wall = time.perf_counter() - began
            code = process.returncode = os.waitstatus_to_exitcode(status)
        cpu += usage.ru_utime + usage.ru_stime
        memory = max(memory, usage.ru_maxrss / 1000)
    return code, Measurement(wall, cpu, memory)


def _adopt_orphans() -> None:
    """Become the parent of orphaned descendants, so that their CPU time can be read (Linux)."""
    if not sys.platform.startswith("linux"):
        raise BenchmarkError("The benchmark measures descendants as Linux does; run it there.")
    ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

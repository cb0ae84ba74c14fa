"""A virtual environment with hepml and the example package installed, without network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "zpeak"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
OFFLINE = ("--quiet", "--no-deps", "--no-index")

CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs="ERROR"
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


def clean() -> dict[str, str]:
    """The variables of this process, without what would show it the repository."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@dataclass(frozen=True)
class Environment:
    """An environment with its own packages and the dependencies of the one that runs the tests."""

    home: Path

    @classmethod
    def create(cls, home: Path, wheels: Path) -> Environment:
        """Make one and install wheels into it."""
        venv.create(home, with_pip=False)
        made = cls(home)
        (made.packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        files = sorted(str(path) for path in wheels.glob("*.whl"))
        pip = (*PIP, "--python", str(home / "bin" / "python"))
        done = subprocess.run(
            [*pip, "install", "--ignore-installed", *OFFLINE, *files],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return made

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        (found,) = self.home.glob("lib/python*/site-packages")
        return found

    def run(self, program: str, *words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of its programs in a folder."""
        return subprocess.run(
            [str(self.home / "bin" / program), *map(str, words)],
            cwd=cwd,
            env=clean(),
            capture_output=True,
            text=True,
            check=False,
        )

    def call(self, program: str, *words: object, cwd: Path) -> str:
        """Run a program that must succeed, and give back what it printed."""
        done = self.run(program, *words, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def cluster(self, folder: Path) -> Iterator[str]:
        """Address of a dask cluster whose workers run in this environment and in that folder."""
        script = folder / "cluster.py"
        script.write_text(CLUSTER)
        with subprocess.Popen(
            [str(self.home / "bin" / "python"), str(script)],
            cwd=folder,
            env=clean(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield process.stdout.readline().strip()
            finally:
                process.stdin.close()
                process.wait(60)


def build_wheels(out: Path) -> Path:
    """Build hepml and the example package."""
    done = subprocess.run(
        [*PIP, "wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", out, ROOT, EXAMPLE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out

"""A real SLURM of one node on this machine, for tests: munge, controller and node daemon.

    python tests/slurm_node.py -- sbatch --wrap hostname

Everything lives in a temporary folder, listens on ports of its own and is stopped by process id.
Debian: ``apt-get install slurm-wlm munge``.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

__all__ = ["lacking", "slurm_node"]

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
PATIENCE = 30.0  # seconds

CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=64000 State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def lacking() -> str:
    """What is missing to run SLURM here, empty if nothing is."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: slurm-wlm and munge)"
    return "" if os.geteuid() == 0 else "slurmd needs root"


@contextmanager
def slurm_node(cores: int = 4) -> Iterator[dict[str, str]]:
    """Run a SLURM of one node; yields the environment in which its commands find it.

    Raises
    ------
    RuntimeError
        If a daemon does not start; with the end of its log.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        environment = os.environ | {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
        }
        _configure(folder, cores)
        stack.enter_context(_daemon(folder, environment, _munge(folder)))
        _wait(folder, "munged", (folder / "munge.socket").exists)
        stack.enter_context(_daemon(folder, environment, ["slurmctld", "-D", "-i"]))
        stack.enter_context(
            _daemon(folder, environment, ["slurmd", "-D", "-N", socket.gethostname().split(".")[0]])
        )
        _wait(folder, "slurmd", lambda: _idle(environment))
        stack.callback(_cancel_all, environment)
        yield environment


def _configure(folder: Path, cores: int) -> None:
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    (folder / "slurm.conf").write_text(
        CONFIG.format(
            host=socket.gethostname().split(".")[0],
            user=getpass.getuser(),
            folder=folder,
            controller=_free_port(),
            daemon=_free_port(),
            cores=cores,
        )
    )
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")


def _munge(folder: Path) -> list[str]:
    named = ("socket", "pid-file", "log-file", "seed-file")
    options = [f"--{name}={folder}/munge.{name.removesuffix('-file')}" for name in named]
    return ["munged", "--foreground", "--force", f"--key-file={folder}/munge.key", *options]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _daemon(folder: Path, environment: dict[str, str], command: Sequence[str]) -> Iterator[None]:
    with (folder / f"{command[0]}.out").open("w") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, cwd=folder
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _idle(environment: dict[str, str]) -> bool:
    done = subprocess.run(
        ["sinfo", "--noheader", "--format=%t"], env=environment, capture_output=True, text=True
    )
    return done.stdout.strip() == "idle"


def _wait(folder: Path, daemon: str, ready: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():  # type: ignore[operator]
        if time.monotonic() > deadline:
            logs = sorted([*folder.glob("*.out"), *folder.glob("*.log")])
            tails = "\n".join(f"{log.name}: {log.read_text()[-600:]}" for log in logs)
            raise RuntimeError(f"{daemon} does not start:\n{tails}")
        time.sleep(0.1)


def _cancel_all(environment: dict[str, str]) -> None:
    """Cancel what is queued or runs, and wait until it is gone."""
    subprocess.run(["scancel", "--user", getpass.getuser()], env=environment, check=False)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        queue = ["squeue", "--noheader"]
        if not subprocess.run(queue, env=environment, capture_output=True).stdout.strip():
            return
        time.sleep(0.2)


def main() -> int:
    """Run a command on a SLURM that lasts as long as the command."""
    if reason := lacking():
        print(reason, file=sys.stderr)
        return 2
    with slurm_node() as environment, suppress(KeyboardInterrupt):
        return subprocess.run(sys.argv[sys.argv.index("--") + 1 :], env=environment).returncode
    return 130


if __name__ == "__main__":
    sys.exit(main())

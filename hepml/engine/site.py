"""What a site wants to know of a batch job: one TOML file with a table for each batch system."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hepml.document import validate
from hepml.errors import CatalogueError, ParameterError

__all__ = ["HTCondor", "Site", "load_site"]

Lines = tuple[str, ...]


class Site(BaseModel):
    """Settings that every batch system has; in TOML each of them is a key.

    Attributes
    ----------
    cores : int
        Cores of a job; one worker process runs on each.
    memory : str
        Memory of a job, all its workers together, such as ``"8GB"``.
    name : str
        Name of the jobs.
    python : str
        Interpreter on the worker nodes; default: the one that runs now.
    prologue : tuple of str
        Shell lines before the worker starts.
    environment : dict of str
        Variables set before that.
    local_directory : str
        Scratch folder on the worker nodes.
    log_directory : str
        Where the jobs' output goes.
    interface : str
        Network interface of the scheduler and of the workers.
    port : int
        Port of the scheduler, where a firewall lets only some through; 0: any.
    worker_arguments : tuple of str
        Further arguments of ``dask worker``.
    skip : tuple of str
        Lines of the job script that hold one of these words are left out.
    patience : float
        Minutes to wait for the first worker.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    system: ClassVar[str] = ""

    cores: int = Field(default=1, ge=1)
    memory: str = "4GB"
    name: str = "hepml"
    python: str | None = None
    prologue: Lines = ()
    environment: dict[str, str] = Field(default_factory=dict)
    local_directory: str | None = None
    log_directory: str | None = None
    interface: str | None = None
    port: int = Field(default=0, ge=0, le=65535)
    worker_arguments: Lines = ()
    skip: Lines = ()
    patience: float = Field(default=60.0, gt=0)

    def options(self) -> dict[str, Any]:
        """Settings of this batch system alone, in the words of dask-jobqueue."""
        return {}


class _Queued(Site):
    """Batch systems with queues and lines of directives; ``directives`` are further ones."""

    queue: str | None = None
    account: str | None = None
    walltime: str = "02:00:00"
    directives: Lines = ()
    account_word: ClassVar[str] = "account"

    def options(self) -> dict[str, Any]:
        return {
            "queue": self.queue,
            self.account_word: self.account,
            "walltime": self.walltime,
            "job_extra_directives": list(self.directives),
        }


class Slurm(_Queued):
    """SLURM; ``queue`` is the partition."""

    system: ClassVar[str] = "slurm"


class LSF(_Queued):
    """LSF; ``account`` is the project, ``walltime`` has the form HH:MM."""

    system: ClassVar[str] = "lsf"
    account_word: ClassVar[str] = "project"
    walltime: str = "02:00"


class _Resourced(_Queued):
    """Batch systems that ask for resources in a line of their own."""

    resources: str | None = None

    def options(self) -> dict[str, Any]:
        return {**super().options(), "resource_spec": self.resources}


class PBS(_Resourced):
    """PBS."""

    system: ClassVar[str] = "pbs"


class SGE(_Resourced):
    """Grid Engine; ``account`` is the project."""

    system: ClassVar[str] = "sge"
    account_word: ClassVar[str] = "project"


class HTCondor(Site):
    """HTCondor; ``directives`` are further ``key = value`` lines of the submit file."""

    system: ClassVar[str] = "htcondor"
    disk: str = "4GB"
    directives: dict[str, str] = Field(default_factory=dict)
    submit_arguments: Lines = ()

    def options(self) -> dict[str, Any]:
        return {
            "disk": self.disk,
            "job_extra_directives": dict(self.directives),
            "submit_command_extra": list(self.submit_arguments),
        }


class Sites(BaseModel):
    """The whole file; a table that is absent holds the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    slurm: Slurm = Slurm()
    htcondor: HTCondor = HTCondor()
    pbs: PBS = PBS()
    lsf: LSF = LSF()
    sge: SGE = SGE()


def load_site(system: str, path: Path | None) -> Site:
    """Read the settings of one batch system.

    Parameters
    ----------
    system : str
        Name of its table: slurm, htcondor, pbs, lsf, sge.
    path : path, optional
        A TOML file; without one every setting has its default.

    Raises
    ------
    ParameterError
        If the file cannot be read, is not TOML, or holds what it should not (near misses are
        named).
    """
    if path is None:
        document = {}
    else:
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ParameterError(f"--site {path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ParameterError(f"--site {path} is not TOML: {error}") from error
        if system not in document:
            raise ParameterError(
                f"--site {path} has no table [{system}]; it has "
                f"{', '.join(f'[{name}]' for name in document) or 'none'}."
            )
    try:
        found = validate(Sites, json.dumps(document, default=str), f"--site {path}")
    except CatalogueError as error:
        raise ParameterError(error.message) from error
    settings: Site = getattr(found, system)
    return settings

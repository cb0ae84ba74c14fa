"""Batch systems through dask-jobqueue: clusters of jobs, and the scripts that start them."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING, Any

from hepml.engine.tuning import WORKER_ENVIRONMENT
from hepml.errors import ParameterError

if TYPE_CHECKING:
    from hepml.engine.site import Site

__all__ = ["SYSTEMS", "job_script", "open_batch"]

# name on the command line: class of dask-jobqueue
SYSTEMS = {
    "slurm": "SLURMCluster",
    "htcondor": "HTCondorCluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "sge": "SGECluster",
}


def open_batch(site: Site) -> Any:
    """Start a scheduler here, whose workers will be jobs; it has none yet.

    Parameters
    ----------
    site : Site
        Settings of one batch system.

    Raises
    ------
    ParameterError
        If dask-jobqueue is not installed, or the batch system is not on this machine.
    """
    system, settings = _system(site), _settings(site)
    command = str(system.job_cls.submit_command)
    if shutil.which(command) is None:
        raise ParameterError(
            f"--cluster {site.system}: there is no {command} on this machine. Start from one that "
            "submits jobs, or use  --scheduler ADDRESS"
        )
    job_script(site)  # says what is wrong with the settings before anything is started
    options = {"dashboard_address": ":0", "port": site.port}
    return system(scheduler_options=options, silence_logs="error", **settings)


def job_script(site: Site, address: str = "tcp://SCHEDULER:PORT") -> str:
    """Return the script that starts one job's workers, without a batch system."""
    system, settings = _system(site), _settings(site)
    try:
        return str(system.job_cls(address, name=site.name, **settings).job_script())
    except ValueError as error:
        raise ParameterError(f"The settings of {site.system} do not fit: {error}") from error


def _system(site: Site) -> Any:
    try:
        import dask_jobqueue
    except ImportError:
        raise ParameterError(
            'Batch systems need the extra "batch":  pip install "hepml-columnar[batch]"'
        ) from None
    return getattr(dask_jobqueue, SYSTEMS[site.system])


def _settings(site: Site) -> dict[str, Any]:
    """The site's settings in the words of dask-jobqueue."""
    environment = {**WORKER_ENVIRONMENT, **site.environment}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    return {
        "cores": site.cores,
        "processes": site.cores,
        "memory": site.memory,
        "job_name": site.name,
        "python": site.python,
        "job_script_prologue": [*exports, *site.prologue],
        "local_directory": site.local_directory,
        "log_directory": site.log_directory,
        "interface": site.interface,
        "worker_extra_args": list(site.worker_arguments),
        "job_directives_skip": list(site.skip),
        **site.options(),
    }

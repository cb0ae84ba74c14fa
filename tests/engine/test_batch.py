"""Batch systems: settings of a site, scripts of jobs, and runs on a real SLURM of one node."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import hepml
from hepml.engine.batch import SYSTEMS, job_script, open_batch
from hepml.engine.cluster import ClusterOptions, check_cluster
from hepml.engine.site import load_site
from hepml.errors import ParameterError, ProcessorError
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import assert_same_bits
from tests.slurm_node import lacking, slurm_node

pytest.importorskip("dask_jobqueue")

ROOT = Path(__file__).parents[2]

SITE = """
[slurm]
queue = "short"
account = "higgs"
walltime = "01:30:00"
cores = 2
memory = "6GB"
prologue = ["source /opt/analysis/env.sh"]
environment = { X509_USER_PROXY = "/home/me/my proxy" }
directives = ["--constraint=avx2"]
skip = ["-n 1"]
worker_arguments = ["--lifetime", "55m"]

[htcondor]
disk = "3GB"
memory = "4GiB"
prologue = ["source /opt/analysis/env.sh"]
directives = { "+JobFlavour" = '"workday"' }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(text)
    return path


def test_a_slurm_script_holds_what_the_site_asks_for(tmp_path: Path) -> None:
    script = job_script(load_site("slurm", written(tmp_path, SITE)), "tcp://host:1").splitlines()
    assert script[0] == "#!/usr/bin/env bash"
    for line in (
        "#SBATCH -p short",
        "#SBATCH -A higgs",
        "#SBATCH -t 01:30:00",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --mem=6G",
        "#SBATCH --constraint=avx2",
        "export X509_USER_PROXY='/home/me/my proxy'",
        "source /opt/analysis/env.sh",
    ):
        assert line in script
    assert "#SBATCH -n 1" not in script
    worker = next(line for line in script if "dask_worker" in line)
    assert " tcp://host:1 " in worker
    assert "--nthreads 1 " in worker
    assert "--nworkers 2 --nanny" in worker
    assert worker.endswith("--lifetime 55m")


def test_an_htcondor_file_holds_what_the_site_asks_for(tmp_path: Path) -> None:
    lines = job_script(load_site("htcondor", written(tmp_path, SITE))).splitlines()
    assert "MY.DaskWorkerDisk = 3000000000" in lines
    assert f"MY.DaskWorkerMemory = {4 * 2**30}" in lines
    assert '+JobFlavour = "workday"' in lines
    assert lines[-1] == "Queue"
    arguments = next(line for line in lines if line.startswith("Arguments = "))
    assert "; source /opt/analysis/env.sh; " in arguments
    assert "--nthreads 1 " in arguments


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_a_script_without_a_site_file(system: str) -> None:
    script = job_script(load_site(system, None))
    assert "distributed.cli.dask_worker" in script
    assert "MALLOC_TRIM_THRESHOLD_" in script


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[slurm]\nwaltime = "1"', r"'slurm.waltime': unknown key. Did you mean 'walltime'"),
        ('[slrum]\nqueue = "a"', r"no table \[slurm\]; it has \[slrum\]"),
        ("[slurm]\n[slrum]", r"'slrum': unknown key. Did you mean 'slurm'"),
        ('[slurm]\ncores = "two"', r"'slurm.cores'.*valid integer"),
        ("[slurm", "is not TOML"),
        ('[slurm]\ndisk = "1GB"', "'slurm.disk': unknown key"),
    ],
)
def test_a_site_file_that_does_not_fit_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        load_site("slurm", written(tmp_path, text))


@pytest.mark.parametrize(
    "example", sorted((ROOT / "docs" / "sites").glob("*.toml")), ids=lambda path: path.stem
)
def test_the_examples_of_the_documents_make_scripts(example: Path) -> None:
    assert "dask_worker" in job_script(load_site(example.stem, example))


def test_a_missing_site_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none\.toml cannot be read: No such file"):
        load_site("slurm", tmp_path / "none.toml")


def test_memory_that_is_no_size_is_refused(tmp_path: Path) -> None:
    site = load_site("slurm", written(tmp_path, '[slurm]\nmemory = "six potatoes"'))
    with pytest.raises(ParameterError, match="settings of slurm do not fit"):
        job_script(site)


def test_a_machine_without_the_batch_system_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ParameterError, match="no condor_submit on this machine"):
        open_batch(load_site("htcondor", None))


@pytest.mark.parametrize(
    ("executor", "options", "said"),
    [
        ("dask", ClusterOptions(cluster="slrum"), "no cluster 'slrum'.*'slurm'"),
        ("futures", ClusterOptions(cluster="slurm"), "--cluster is for the dask executors"),
        ("futures", ClusterOptions(ship=True), "--ship is for the dask executors"),
        ("dask", ClusterOptions(scheduler="tcp://a:1", adapt=(1, 2)), "those of --scheduler"),
        ("dask", ClusterOptions(site=Path("a.toml")), "--site is for batch systems"),
        ("dask", ClusterOptions(adapt=(3, 2)), "MIN:MAX with 1 <= MIN <= MAX, not 3:2"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    executor: str, options: ClusterOptions, said: str
) -> None:
    with pytest.raises(ParameterError, match=said):
        check_cluster(executor, options)


@pytest.fixture(scope="session")
def slurm() -> Iterator[None]:
    """A SLURM of one node for the whole session."""
    if reason := lacking():
        pytest.skip(reason)
    with slurm_node() as environment, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", environment["SLURM_CONF"])
        patch.setenv("PATH", environment["PATH"])
        yield


def site_file(tmp_path: Path, **more: str) -> Path:
    lines = ['memory = "1GB"', 'interface = "lo"', f'log_directory = "{tmp_path}"']
    lines += [f'prologue = ["export PYTHONPATH={ROOT}"]']
    lines += [f"{name} = {value}" for name, value in more.items()]
    return written(tmp_path, "\n".join(["[slurm]", *lines]))


@pytest.mark.batch
@pytest.mark.slow
def test_a_run_on_slurm_gives_the_bits_of_a_run_here(
    slurm: None, cluster_files: list[Path], tmp_path: Path
) -> None:
    words = [str(file) for file in cluster_files]
    said: list[str] = []
    cluster = ClusterOptions(
        cluster="slurm", site=site_file(tmp_path), adapt=(1, 2), announce=said.append
    )
    there = hepml.run(
        ProbeProcessor(), words, out=tmp_path / "a", executor="dask", cluster=cluster, chunk_size=50
    )
    assert there.report["processed"] == 16
    assert said[0].startswith("dask dashboard: http")
    here = hepml.run(
        ProbeProcessor(), words, out=tmp_path / "b", executor="iterative", chunk_size=50
    )
    assert_same_bits(there, here)
    assert list(tmp_path.glob("hepml-*.err")), f"no output of a job on {socket.gethostname()}"


@pytest.mark.batch
@pytest.mark.slow
def test_jobs_that_never_start_are_given_up(
    slurm: None, cluster_files: list[Path], tmp_path: Path
) -> None:
    held = site_file(tmp_path, directives='["--hold"]', patience="0.05")
    cluster = ClusterOptions(cluster="slurm", site=held)
    with pytest.raises(ProcessorError, match="No job started a worker within"):
        hepml.run(
            ProbeProcessor(),
            [str(cluster_files[0])],
            out=tmp_path / "run",
            executor="dask",
            cluster=cluster,
            chunk_size=50,
        )
    assert not (tmp_path / "run").exists()

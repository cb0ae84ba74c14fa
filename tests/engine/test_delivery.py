"""Workers that do not see a model's folder get the model; nobody applies another one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import hepml
from hepml import scoring
from hepml.engine import delivery, handshake
from hepml.engine.cluster import ClusterOptions, dask_client
from hepml.engine.delivery import pack, unpack
from hepml.engine.fingerprint import code_hash, model_code_hash
from hepml.engine.handshake import Expected, Guard, expected_code, unfit
from hepml.errors import ModelError
from hepml.scoring import AppliedModel, receive
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import assert_same_answer, assert_same_bits
from tests.ml.trained import write_model


@pytest.fixture
def model(tmp_path: Path) -> Iterator[AppliedModel]:
    """A model that only this test knows."""
    seed = sum(map(ord, tmp_path.name))
    path = write_model(tmp_path / "m", ProbeProcessor.columns, ("lead_pt",), seed=seed)
    found = AppliedModel.of(path)
    scoring._ready.cache_clear()
    yield found
    scoring._RECEIVED.pop(found.sha256, None)


def expected(model: AppliedModel) -> Expected:
    code = code_hash(ProbeProcessor)
    return Expected(ProbeProcessor, code, model_code=model_code_hash(), model=model)


def test_a_process_that_sees_the_model_is_fit(model: AppliedModel) -> None:
    assert unfit(expected(model)) == ""


def test_a_process_that_does_not_see_the_model_is_not_fit(model: AppliedModel) -> None:
    shutil.rmtree(model.path)
    assert "There is no model in" in unfit(expected(model))


def test_other_code_of_models_makes_a_process_unfit() -> None:
    ours = expected_code(ProbeProcessor, models=True)
    assert unfit(ours) == ""
    assert unfit(Expected(ours.processor, ours.code, model_code="other")) == "it runs other code"


def test_a_model_that_was_sent_is_the_same(model: AppliedModel, tmp_path: Path) -> None:
    content = pack(model)
    shutil.rmtree(model.path)
    scoring._ready.cache_clear()
    assert "There is no model" in model.lacking()
    unpack(content, model, tmp_path / "worker")
    assert model.lacking() == ""
    assert model.load().inputs == ("lead_pt",)


def test_a_model_that_is_too_large_is_not_sent(
    model: AppliedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LIMIT", 10)
    with pytest.raises(ModelError, match="Put it into a folder that they see"):
        pack(model)


def test_a_worker_that_joins_late_gets_the_model(
    model: AppliedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []
    monkeypatch.setattr(handshake, "dismiss", lambda worker, reason: left.append(reason))
    content = pack(model)
    shutil.rmtree(model.path)
    worker = SimpleNamespace(local_directory=str(tmp_path / "late"))
    scoring._ready.cache_clear()
    Guard(expected(model), content).setup(worker)
    assert left == []
    assert model.lacking() == ""


@pytest.mark.dask
@pytest.mark.slow
def test_workers_that_do_not_see_the_model_score_the_same(
    model: AppliedModel, cluster_files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    with dask_client(1, scheduler) as client:
        client.run(receive, model, str(tmp_path / "nowhere"))
    said: list[str] = []
    options = ClusterOptions(scheduler=scheduler, announce=said.append)

    def run(name: str, executor: str, cluster: ClusterOptions | str) -> hepml.Run:
        return hepml.run(
            ProbeProcessor(),
            list(map(str, cluster_files)),
            out=tmp_path / name,
            model=model.path,
            executor=executor,
            cluster=cluster,
            chunk_size=50,
        )

    there, here = run("there", "dask", options), run("here", "iterative", "local")
    assert any("do not see the model" in text for text in said)
    assert_same_bits(there, here)
    assert_same_answer(there, here)
    # now they have it
    said.clear()
    run("again", "dask", options)
    assert not any("do not see the model" in text for text in said)


@pytest.mark.dask
def test_workers_that_cannot_apply_the_model_are_named(
    model: AppliedModel, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "pack", lambda model: b"PK\5\6" + bytes(18))
    with dask_client(1, scheduler) as client:
        client.run(receive, model, "nowhere")
        with pytest.raises(ModelError, match=r"2 of the dask workers cannot apply the model"):
            delivery.deliver(client, model, print)

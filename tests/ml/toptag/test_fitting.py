"""Training of networks: they learn, weights count, and a stopped training goes on unchanged."""

from __future__ import annotations

import signal

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.toptag.blocks import find_rows
from hepml.ml.toptag.inputs import ConstituentInputs
from hepml.ml.toptag.loader import JetLoader
from hepml.ml.toptag.presets import network_plan
from tests.ml.toptag.jets import write_jets

torch = pytest.importorskip("torch")

from hepml.ml.toptag.checkpoints import read_tensors  # noqa: E402
from hepml.ml.toptag.fitting import STATE, FitOptions, fit_network  # noqa: E402

PLAN = network_plan("pfn", "small", slots=8, batch=32, learning_rate=5e-3)


@pytest.fixture(scope="module")
def loaders(tmp_path_factory):
    table = write_jets(tmp_path_factory.mktemp("jets"), "train_nominal", 400, parts=2)
    found = find_rows(table, {"train": (0.0, 0.7), "validation": (0.7, 1.0)})
    inputs = ConstituentInputs(8)
    return (
        JetLoader(found["train"], inputs, batch=32, pool=150),
        JetLoader(found["validation"], inputs, batch=64, shuffle=False),
    )


def options(**changed):
    return FitOptions(**({"epochs": 3, "threads": 1} | changed))


def same(one, other):
    pairs = zip(one.module.state_dict().values(), other.module.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_network_learns(loaders):
    found = fit_network(PLAN, *loaders, options(epochs=14, patience=0))
    losses = found.history.losses
    assert min(losses["validation"]) < 0.45
    assert found.jets == 14 * len(loaders[0].rows)


def test_the_same_seed_gives_the_same_network(loaders):
    one, other = (fit_network(PLAN, *loaders, options(epochs=1)) for _ in range(2))
    assert same(one, other)
    assert not same(one, fit_network(PLAN, *loaders, options(epochs=1, seed=1)))


def test_torch_is_left_as_it_was(loaders):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    fit_network(PLAN, *loaders, options(epochs=1))
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads


def test_a_stopped_training_goes_on_to_the_same_network(loaders, tmp_path):
    plan = network_plan("pfn", "train_py", slots=8, batch=32)
    small = type(plan).from_json(
        plan.to_json() | {"options": {"phi": [8], "f": [8], "latent_dropout": 0.2, "dropout": 0.1}}
    )
    whole = fit_network(small, *loaders, options())
    said = []

    def stop(name, done, total):
        said.append(name)
        if len(said) == 1:
            signal.raise_signal(signal.SIGINT)

    # in the middle of the first epoch
    with pytest.raises(KeyboardInterrupt):
        fit_network(small, *loaders, options(), area=tmp_path, progress=stop)
    _, kept = read_tensors(tmp_path / STATE)
    assert kept["numbers"]["epoch"] == 0
    assert kept["numbers"]["step"] > 0
    # an epoch more, then to the end
    fit_network(small, *loaders, options(epochs=2), area=tmp_path)
    again = fit_network(small, *loaders, options(), area=tmp_path)
    assert same(whole, again)
    assert again.history == whole.history


def test_a_finished_training_is_not_repeated(loaders, tmp_path):
    one = fit_network(PLAN, *loaders, options(epochs=1), area=tmp_path)
    other = fit_network(PLAN, *loaders, options(epochs=1), area=tmp_path)
    assert same(one, other)
    assert other.seconds == one.seconds


def test_a_kept_state_of_other_options_is_refused(loaders, tmp_path):
    fit_network(PLAN, *loaders, options(epochs=1), area=tmp_path)
    with pytest.raises(ModelError, match="another seed"):
        fit_network(PLAN, *loaders, options(epochs=1, seed=4), area=tmp_path)


def test_a_damaged_state_is_named(loaders, tmp_path):
    (tmp_path / STATE).write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="Remove it"):
        fit_network(PLAN, *loaders, options(epochs=1), area=tmp_path)


def test_training_stops_when_the_loss_no_longer_falls(loaders):
    plan = type(PLAN).from_json(
        PLAN.to_json() | {"learning_rate": 1e-30, "options": {"phi": [8], "f": [8]}}
    )
    found = fit_network(plan, *loaders, options(epochs=9, patience=2))
    assert len(found.history.losses["validation"]) == 3
    assert found.history.best == 1


def test_jets_of_no_weight_teach_nothing(loaders):
    class Weightless(JetLoader):
        def epoch(self, number=0, start=0):
            for batch in super().epoch(number, start):
                batch.weight[batch.y == 1] = 0.0
                yield batch

    rows, inputs = loaders[0].rows, loaders[0].inputs
    found = fit_network(PLAN, Weightless(rows, inputs, batch=32), loaders[1], options(epochs=4))
    batch = next(loaders[1].epoch())
    with torch.no_grad():
        scores = torch.sigmoid(found.module(torch.from_numpy(batch.x))).numpy()
    assert scores.max() < 0.4


def test_the_penalty_makes_weights_smaller(loaders):
    plan = network_plan("dnn", "small", slots=8, batch=32, learning_rate=5e-3)
    sums = []
    for penalty in (0.0, 0.05):
        asked = type(plan).from_json(plan.to_json() | {"penalty": penalty})
        found = fit_network(asked, *loaders, options(epochs=2))
        sums.append(float(found.module.layers[-1].weight.detach().abs().sum()))
    assert sums[1] < 0.8 * sums[0]


def test_a_loss_that_is_no_number_is_named(loaders):
    plan = network_plan("pfn", "small", slots=8, batch=32, learning_rate=1e20)
    with pytest.raises(ModelError, match="learning-rate"):
        fit_network(plan, *loaders, options(epochs=3))


def test_mixed_precision_learns_as_well(loaders):
    found = fit_network(PLAN, *loaders, options(epochs=14, precision="mixed"))
    assert min(found.history.losses["validation"]) < 0.45


def test_history_keeps_the_best_epoch(loaders):
    found = fit_network(PLAN, *loaders, options(epochs=2))
    values = found.history.losses["validation"]
    assert found.history.best == int(np.argmin(values)) + 1


def test_an_interrupt_while_the_loss_is_validated_is_kept_too(loaders, tmp_path):
    class Interrupted(JetLoader):
        def epoch(self, number=0, start=0):
            signal.raise_signal(signal.SIGINT)
            yield from super().epoch(number, start)

    rows, inputs = loaders[1].rows, loaders[1].inputs
    asked = loaders[0], Interrupted(rows, inputs, batch=16, shuffle=False)
    with pytest.raises(KeyboardInterrupt):
        fit_network(PLAN, *asked, options(epochs=1), area=tmp_path)
    _, kept = read_tensors(tmp_path / STATE)
    assert kept["numbers"]["step"] == len(loaders[0])
    again = fit_network(PLAN, *loaders, options(epochs=1), area=tmp_path)
    assert same(again, fit_network(PLAN, *loaders, options(epochs=1)))

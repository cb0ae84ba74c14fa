"""What is known of a file beforehand, and what of it holds for the published file only."""

from __future__ import annotations

from hepml.inputs import Input, Published, as_input
from hepml.records import Dataset, File

DATASET = Dataset(
    channel="toy",
    name="ggH",
    release="r",
    kind="simulation",
    cross_section=2.0,
    sum_of_weights=5.0,
    files=(File(path="ggH.root", size=10, entries=3),),
)


def test_a_published_file_takes_what_is_known_of_its_dataset() -> None:
    made = as_input(DATASET, DATASET.files[0], ("/data/ggH.root",))
    assert (made.dataset, made.label, made.catalogued) == ("ggH", "ggH", "toy/ggH")
    assert (made.entries, made.size, made.cross_section, made.sum_of_weights) == (3, 10, 2.0, 5.0)
    assert made.published == Published(1, 3, None)


def test_another_file_keeps_its_kind_and_none_of_the_numbers() -> None:
    made = as_input(DATASET, DATASET.files[0], ("own.root",)).unpublished(entries=None, size=7)
    assert made == Input(
        "ggH", ("own.root",), kind="simulation", label="ggH", size=7, catalogued="toy/ggH"
    )

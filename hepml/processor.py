"""The contract between a selection and the engine: what a channel declares and returns."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self, final

import awkward as ak
from coffea.processor import ProcessorABC

from hepml.columns import Column
from hepml.cuts import Preset, replace_cuts
from hepml.errors import ParameterError, ProcessorError, did_you_mean
from hepml.scoring import AppliedModel
from hepml.selected import Fill, Histogram, Selected

__all__ = ["Fill", "Histogram", "Preset", "Processor", "Selected", "replace_cuts"]


# what every processor's constructor takes
_COMMON = ("weight", "luminosity", "systematics", "table", "cross_sections", "model", "score")


class Processor(ProcessorABC):
    """A selection that the engine can run and that any coffea ``Runner`` can run too.

    A channel derives from this class, declares the class attributes below and writes
    :meth:`histograms` and :meth:`select`. Everything else belongs to the framework.

    Attributes
    ----------
    name : str
        Name on the command line.
    schema : type
        coffea schema that lays out the events.
    trees : tuple of str
        Names of the trees it can read, the preferred one first. Without meaning where ``schema``
        derives from `hepml.schemas.Jagged`: the engine then reads imported Parquet files.
    chunk_size : int
        Wanted events a chunk where the user does not say; 1 where an event is a whole tile.
    columns : tuple of Column
        Every column of the feature table. An instance may narrow them to what its cuts compute.
    presets : mapping of str to Preset
        Named cut sets; the first one is the default.
    weights : tuple of str
        Event weights that can be asked for by name.
    variations : tuple of str
        Systematic sources it can shift, without ``_up`` / ``_down``.
    event_ids : mapping of str to str
        Key column to the events' field that it is read from, where together they identify a
        collision: the same one in two data sets is then counted once. Empty: not looked for.
    options : tuple of str
        Further parameters that the constructor of this channel takes, e.g. ``lumi_mask``.

    Parameters
    ----------
    cuts : dataclass, optional
        Cut values; default: those of the preset.
    preset : str, optional
        Name of a preset; default: the first.
    weight : str, optional
        Name of an event weight; default: that of the preset.
    luminosity : float
        Integrated luminosity [pb^-1] that simulation is scaled to.
    systematics : bool
        Also fill the up and down variations of every source in ``variations``.
    table : bool
        Whether to emit the feature table; without it only the columns that the histograms need
        are read.
    cross_sections : mapping of str to float, optional
        Cross section times branching ratio [pb] per dataset or label, in place of the file's value.
    model : path, optional
        Folder of a trained model; what it says of each row becomes columns of the table.
    score : str
        With ``model``: name of its column, or what the names begin with where it gives several.
    """

    name: ClassVar[str]
    schema: ClassVar[type]
    trees: ClassVar[tuple[str, ...]] = ("Events",)
    chunk_size: ClassVar[int] = 250_000
    columns: tuple[Column, ...] = ()
    presets: ClassVar[Mapping[str, Preset]]
    weights: ClassVar[tuple[str, ...]] = ("default", "none")
    variations: tuple[str, ...] = ()
    event_ids: ClassVar[Mapping[str, str]] = {}
    options: ClassVar[tuple[str, ...]] = ()
    model: AppliedModel | None = None

    def __init__(
        self,
        cuts: Any = None,
        *,
        preset: str | None = None,
        weight: str | None = None,
        luminosity: float = 1.0,
        systematics: bool = False,
        table: bool = True,
        cross_sections: Mapping[str, float] | None = None,
        model: str | Path | Mapping[str, Any] | AppliedModel | None = None,
        score: str = "score",
    ) -> None:
        self.preset = preset or next(iter(self.presets))
        if self.preset not in self.presets:
            raise ParameterError(
                f"{self.name} has no preset {self.preset!r}. "
                + did_you_mean(self.preset, self.presets)
            )
        chosen = self.presets[self.preset]
        self.cuts = chosen.cuts if cuts is None else cuts
        if type(self.cuts) is not type(chosen.cuts):
            raise ParameterError(
                f"{self.name} takes its cuts as {type(chosen.cuts).__name__}, "
                f"not {type(self.cuts).__name__}."
            )
        self.weight = weight or chosen.weight
        if self.weight not in self.weights:
            raise ParameterError(
                f"{self.name} has no event weight {self.weight!r}. "
                + did_you_mean(self.weight, self.weights)
            )
        if not 0 < luminosity < float("inf"):
            raise ParameterError(f"The luminosity must be above 0 pb^-1, not {luminosity}.")
        self.luminosity = float(luminosity)
        self.systematics = bool(systematics)
        self.table = bool(table)
        self.cross_sections = dict(cross_sections or {})
        for sample, value in self.cross_sections.items():
            if not 0 < value < float("inf"):
                raise ParameterError(
                    f"The cross section of {sample!r} must be above 0 pb, not {value}."
                )
        if model is not None:
            self.model = AppliedModel.of(model, score)
            # one that a plan describes is looked at when it is needed
            if not isinstance(model, Mapping):
                self.check_model(type(self).columns)

    # --- written by the channel -------------------------------------------------------------

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms; may depend on the cuts (a preset's own binning)."""
        return ()

    def select(self, events: ak.Array) -> Selected:
        """Select events; pure, columnar, and the same for eager, virtual and lazy arrays."""
        raise NotImplementedError

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Branches that `select` cannot do without, for a tree's name and data or simulation."""
        return ()

    def optional_branches(self, tree: str, kind: str) -> Mapping[str, str]:
        """Branches that `select` can do without, each with what it means that one is missing.

        The run notes it for every file that lacks one, and the meaning becomes the sentence:
        ``{"HLT_Mu17": "it counts as never fired"}``.
        """
        return {}

    @classmethod
    def kind_of(cls, tree: Any) -> str | None:
        """Read from an open uproot tree whether it is ``"data"`` or ``"simulation"``.

        An imported Parquet file is asked only if its import did not note it.

        Returns
        -------
        str or None
            ``None`` where the file does not say.
        """
        return None

    @classmethod
    def file_constants(
        cls, directory: Any, tree_name: str, kind: str
    ) -> Mapping[str, float] | None:
        """Read what an open file says of the sample that it is a part of, once, when planning.

        ``directory`` is an uproot directory, or a `hepml.engine.parquet.ParquetFile`, whose
        ``notes`` are what the import noted.

        Returns
        -------
        mapping of str to float, or None
            Numbers that add up over the files of a dataset: ``sum_of_weights``, ``generated``.
            The sums reach ``select`` in ``events.metadata``, with ``cross_section`` [pb] where
            one is known (see `hepml.sample.yield_factor`). ``None``: the channel takes nothing
            from there.
        """
        return None

    # --- belongs to the framework -----------------------------------------------------------

    def is_data(self, events: ak.Array) -> bool:
        """Whether these events are collision data, from the metadata the engine attached."""
        kind = (events.metadata or {}).get("kind")
        if kind not in ("data", "simulation"):
            raise ProcessorError(
                f"{self.name}: nothing says whether dataset "
                f"{(events.metadata or {}).get('dataset')!r} is data or simulation. Put "
                "'metadata': {'kind': 'data'} (or 'simulation') into the fileset."
            )
        return bool(kind == "data")

    @property
    def active_variations(self) -> tuple[str, ...]:
        """``nominal``, and with ``systematics`` the up and down shifts of every source."""
        shifts = [f"{source}_{way}" for source in self.variations for way in ("up", "down")]
        return ("nominal", *shifts) if self.systematics else ("nominal",)

    @property
    def table_columns(self) -> tuple[Column, ...]:
        """Every column of the table: those of the selection, and the scores of a model."""
        if self.model is None:
            return self.columns
        return (*self.columns, *self.model.columns(self.columns, f"the table of {self.name!r}"))

    def with_model(self, model: str | Path, score: str = "score") -> Self:
        """The same processor with a trained model; see the parameter ``model``."""
        if self.model is not None:
            raise ParameterError(f"The processor has a model already: {self.model}.")
        found = copy(self)
        found.model = AppliedModel.of(model, score)
        found.check_model()
        return found

    def check_model(self, columns: tuple[Column, ...] | None = None) -> None:
        """Find out before anything runs whether the model can be applied.

        Parameters
        ----------
        columns : tuple of Column, optional
            Columns that there can be; default: those of this instance.

        Raises
        ------
        ModelError
            If it is damaged, has changed, or the table lacks one of its features.
        ParameterError
            If there is no table, or it has a column of the name of a score.
        """
        if self.model is None:
            return
        if not self.table:
            raise ParameterError(
                "--model adds scores to the feature table, and --no-table leaves that out. Drop "
                "one of the two."
            )
        if columns is None or columns:
            what = f"the table of {self.name!r} (preset {self.preset!r})"
            self.model.columns(self.columns if columns is None else columns, what)

    @final
    def process(self, events: ak.Array) -> dict[str, Any]:
        """Run the selection on one chunk, for a plain coffea ``Runner``.

        Returns
        -------
        dict
            ``histograms`` (name to ``hist.Hist``), ``cutflow`` (dataset to step to raw and
            weighted counts) and ``features`` (dataset to column to ``column_accumulator``):
            all of it adds up in coffea.
        """
        from hepml.collect import collect

        return collect(self, self.select(events), dict(events.metadata)).accumulator()

    def postprocess(self, accumulator: Any) -> Any:
        """Return the accumulator unchanged; coffea calls this at the end of a run."""
        return accumulator

    def parameters(self) -> dict[str, Any]:
        """All that distinguishes this instance, as JSON; see :meth:`from_parameters`."""
        return {
            "preset": self.preset,
            "cuts": asdict(self.cuts),
            "weight": self.weight,
            "luminosity": self.luminosity,
            "systematics": self.systematics,
            "table": self.table,
            "cross_sections": self.cross_sections,
            **({} if self.model is None else {"model": self.model.to_json()}),
        }

    @classmethod
    def from_parameters(
        cls, *, preset: str | None = None, cuts: Mapping[str, Any] | None = None, **others: Any
    ) -> Processor:
        """Build an instance from a preset's name and single cut values by field name.

        Raises
        ------
        ParameterError
            If a field is unknown (near misses are named), a value has the wrong type, or the
            channel does not have an option.
        """
        for name in others:
            if name not in _COMMON and name not in cls.options:
                flag = name.replace("_", "-")
                raise ParameterError(
                    f"{cls.name} takes no --{flag}. "
                    + (f"It takes: {', '.join(cls.options)}." if cls.options else "")
                )
        base = cls(preset=preset)
        return cls(replace_cuts(base.cuts, cuts or {}), preset=preset, **others)

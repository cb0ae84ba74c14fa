"""The document that lists corrections of simulation: which files, and what they are fed with.

A document lists sources; the files lie beside it::

    {"sources": [
      {"name": "pileup", "file": "puWeights.json.gz", "correction": "Collisions16_goldenJSON",
       "inputs": {"NumTrueInteractions": {"column": "Pileup_nTrueInt"},
                  "weights": {"variation": true}},
       "nominal": "nominal", "up": "up", "down": "down"},
      {"name": "muon_id", "file": "muon_Z.json.gz", "correction": "NUM_TightID_DEN_TrackerMuons",
       "per": "muon",
       "inputs": {"eta": {"column": "eta", "absolute": true},
                  "pt": {"column": "pt", "minimum": 15.0, "maximum": 199.9},
                  "scale_factors": {"variation": true}},
       "nominal": "nominal", "up": "systup", "down": "systdown"}
    ]}

``per`` is ``event`` (one factor an event) or an object of the channel (the product over the
selected ones). An input is a column, a constant, or the variation: the values of ``nominal``,
``up`` and ``down``. Values beyond ``minimum`` and ``maximum`` are moved onto them.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Input", "Source", "SourceList"]

Value = str | int | float


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Input(_Strict):
    """What one input of a correction is fed with: a column, a constant or the variation.

    Attributes
    ----------
    column : str, optional
        Name of a quantity of the event or object.
    absolute : bool
        Take its absolute value.
    minimum, maximum : float, optional
        Move values beyond these onto them.
    constant : str, int or float, optional
        The same value for all.
    variation : bool
        The source's ``nominal``, ``up`` or ``down``.
    """

    column: str | None = None
    absolute: bool = False
    minimum: float | None = None
    maximum: float | None = None
    constant: Value | None = None
    variation: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> Input:
        kinds = (self.column is not None, self.constant is not None, self.variation)
        if sum(kinds) != 1:
            raise ValueError("give one of column, constant and variation")
        return self


class Source(_Strict):
    """One factor of the event weight, and its shifts.

    Attributes
    ----------
    name : str
        Its shifts are the variations ``<name>_up`` and ``<name>_down``.
    file : str
        correctionlib file (JSON, may be gzipped), relative to the document.
    correction : str
        Name of the correction in it.
    per : str
        ``event``, or the object whose factors are multiplied.
    inputs : mapping of str to Input
        Every input of the correction.
    nominal, up, down : str, int or float, optional
        Values of the input that is the variation.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    file: str
    correction: str
    per: str = "event"
    inputs: dict[str, Input]
    nominal: Value | None = None
    up: Value | None = None
    down: Value | None = None

    @model_validator(mode="after")
    def _complete(self) -> Source:
        varied = any(item.variation for item in self.inputs.values())
        if varied != (self.nominal is not None):
            raise ValueError("an input with variation and a value for nominal belong together")
        if (self.up is None) != (self.down is None) or (self.up is not None and not varied):
            raise ValueError("up and down belong together, and need an input with variation")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads, in a fixed order."""
        named = (item.column for item in self.inputs.values())
        return tuple(sorted({name for name in named if name is not None}))


class SourceList(_Strict):
    """The whole document."""

    sources: list[Source]

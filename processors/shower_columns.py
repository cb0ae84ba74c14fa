"""Columns of the shower feature table: one row for each linked candidate of a shower."""

from __future__ import annotations

from hepml.columns import Column, feature, key, label, observer
from processors.shower_neighbours import NEIGHBOURS

__all__ = ["COLUMNS", "LEGACY_FEATURES"]

_FILMS = {
    "up1": "next film upstream",
    "up2": "second film upstream",
    "down1": "next film downstream",
    "down2": "second film downstream",
}


def _neighbours() -> list[Column]:
    return [
        feature(f"{name}_{quantity}", unit, doc=f"{doc} base-track of the {_FILMS[name]}")
        for name in NEIGHBOURS
        for quantity, unit, doc in (
            ("distance", "", "distance in position and slope to the nearest"),
            ("dr", "um", "mismatch in position half-way with the nearest"),
            ("dtheta", "", "mismatch in slope with the nearest"),
        )
    ]


# Published names are aliases. Micrometres are the unit of the field and stay.
COLUMNS: tuple[Column, ...] = (
    key("brick"),
    key("shower", alias="Ishower", doc="simulated event, or running number of the injector"),
    key("row", doc="number of the base-track in the brick"),
    label("signal", "int8", alias="Signal", doc="1: of this shower, 0: noise or another one"),
    feature("link_dx", "um", alias="dx", doc="projected parent minus base-track"),
    feature("link_dy", "um", alias="dy", doc="projected parent minus base-track"),
    feature("link_dtx", alias="dTX", doc="slope of the parent minus that of the base-track"),
    feature("link_dty", alias="dTY", doc="slope of the parent minus that of the base-track"),
    feature("delta_theta", "rad", alias="DeltaT", doc="polar angle minus that of the injector"),
    feature(
        "impact_over_dz",
        alias="Par_impact_nor",
        doc="impact parameter at the injector over the distance along the beam",
    ),
    feature("cone_tangent", alias="Angolo_cono", doc="direction as seen from the injector"),
    feature("link_dr", "um", alias="dR", doc="distance of the projected parent"),
    feature("link_dtheta", "rad", alias="dT", doc="angle to the parent"),
    feature("depth", dtype="int32", alias="k", doc="films downstream of the injector"),
    *_neighbours(),
    feature("density", dtype="int32", doc="other base-tracks of the film close by"),
    feature("axis_distance", "um", doc="distance from the injector's axis"),
    observer("impact", "um", alias="Par_impact", doc="impact parameter at the injector"),
    observer("theta", "rad", alias="Theta", doc="polar angle"),
    observer("event", dtype="int32", alias="MCEvent", doc="simulated shower, below 0 for noise"),
    observer("mctrack", dtype="int32", alias="MCTrack", doc="simulated particle"),
    observer("p", "GeV", dtype="float32", alias="P", doc="simulated momentum"),
    observer("pid", dtype="int32", alias="PID", doc="film position, 0 furthest downstream"),
    observer("x", "um"),
    observer("y", "um"),
    observer("z", "um"),
    observer("tx", alias="TX", dtype="float32", doc="slope dx/dz"),
    observer("ty", alias="TY", dtype="float32", doc="slope dy/dz"),
    observer("parent_row", dtype="int64", doc="row of the parent"),
    observer("cut_based", dtype="int8", doc="1: the cut-based algorithm takes it"),
    observer("injector_pid", dtype="int32", doc="film position of the injector"),
    observer("injector_p", "GeV", dtype="float32", doc="simulated momentum, NaN if unknown"),
    observer("energy", "GeV", dtype="float32", doc="simulated energy, NaN if unknown"),
    observer("shower_signal", dtype="int32", doc="base-tracks of this shower in the window"),
)

LEGACY_FEATURES = (
    "link_dx",
    "link_dy",
    "link_dtx",
    "link_dty",
    "delta_theta",
    "impact_over_dz",
    "cone_tangent",
)
"""The seven features of the published random forest."""

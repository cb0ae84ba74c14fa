"""Results and tables for other programs."""

from hepml.export.results import FORMATS, export

__all__ = ["FORMATS", "export"]

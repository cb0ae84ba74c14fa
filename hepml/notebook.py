"""How a table shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hepml.columns import Column

__all__ = ["columns_html"]

HEAD = ("column", "dtype", "unit", "role", "meaning")


def columns_html(title: str, columns: Sequence[Column]) -> str:
    """HTML of a table of columns, below a title that is HTML already."""
    cells = [(c.name, c.dtype, c.unit, c.role, c.doc) for c in columns]
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in cells
    )
    head = "".join(f"<th>{text}</th>" for text in HEAD)
    return f"<p>{title}</p><table><tr>{head}</tr>{rows}</table>"

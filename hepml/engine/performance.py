"""dask's own account of a run as an HTML page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hepml.errors import OutputError
from hepml.redaction import safe_logger

__all__ = ["performance_page"]

logger = safe_logger(__name__)

# dask's page extends a template that bokeh gave another name in 3.9
OLD, NEW = "file.html", "file.html.jinja"


@contextmanager
def performance_page(client: Any, path: Path, announce: Callable[[str], None]) -> Iterator[None]:
    """Write the page when the body ends; that it fails is said, and is no reason to fail.

    Raises
    ------
    OutputError
        If the file cannot be written, before anything is done.
    """
    from distributed import performance_report

    try:
        path.touch()
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}.") from error
    page = performance_report(filename=str(path))
    with client.as_current():
        client.run_on_scheduler(name_template)
        page.__enter__()
        try:
            yield
        finally:
            try:
                page.__exit__(None, None, None)
            # drawn by bokeh on the scheduler, from whatever versions are there
            except Exception as error:
                logger.debug("no page", exc_info=error)
                path.unlink(missing_ok=True)
                announce(f"no performance report: {type(error).__name__}: {error}")


def name_template() -> None:
    """Give bokeh's template its former name too, where it has the new one alone."""
    from bokeh.core.templates import get_env

    environment: Any = get_env()
    names = environment.list_templates()
    if OLD in names or NEW not in names:
        return
    folder = Path(tempfile.mkdtemp(prefix="hepml-templates-"))
    (folder / OLD).write_text(f'{{% extends "{NEW}" %}}\n')
    environment.loader.searchpath.append(str(folder))

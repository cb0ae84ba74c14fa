"""URLs with user names or tokens: a plan on disk holds them without, and a resume is given them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hepml.errors import ParameterError
from hepml.redaction import redacted

if TYPE_CHECKING:
    from hepml.engine.plan import Plan

__all__ = ["restore", "withhold"]


def withhold(content: dict[str, Any]) -> dict[str, Any]:
    """Take the credentials out of a plan that is about to be written.

    Parameters
    ----------
    content : dict
        A plan as a dictionary.

    Returns
    -------
    dict
        The same with every URL redacted; ``withheld`` lists those of which something is missing.
    """
    files = [*content["files"], *content["unopened"]]
    given = [endpoint for file in files for endpoint in file["endpoints"]]
    missing = {redacted(endpoint) for endpoint in given if redacted(endpoint) != endpoint}
    missing |= set(content["withheld"])
    clean = {name: redacted(content[name]) for name in ("files", "unopened", "notes")}
    return {**content, **clean, "withheld": sorted(missing)}


def restore(plan: Plan, urls: Sequence[str]) -> Plan:
    """Put credentials back into the endpoints of a plan.

    Parameters
    ----------
    plan : Plan
        As it was read from disk.
    urls : sequence of str
        Whole URLs, with user and query; one for each server is enough where they are the same
        for all its files.

    Raises
    ------
    ParameterError
        If an endpoint was planned with credentials and none are given for its server, or if
        some are given that no endpoint lacks.
    """
    exact = {redacted(url): url for url in urls}
    servers = {_server(redacted(url)): url for url in urls}
    unused = set(servers) - {_server(endpoint) for endpoint in plan.withheld}
    if unused:
        raise ParameterError(
            f"--url is given for {', '.join(sorted(unused))}, of which the run lacks nothing."
        )
    lacking = [url for url in plan.withheld if _server(url) not in servers]
    if lacking:
        raise ParameterError(
            f"{len(lacking)} URLs of this run came with a user or token, which are not kept: "
            f"{lacking[0]}. Give them again, one URL for each server is enough:  "
            "hepml resume RUN --url URL"
        )
    known = {url: exact.get(url) or _like(url, servers[_server(url)]) for url in plan.withheld}
    return replace(
        plan,
        files=tuple(_with(file, known) for file in plan.files),
        unopened=tuple(_with(file, known) for file in plan.unopened),
        withheld=(),
    )


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _like(url: str, given: str) -> str:
    """A redacted URL with the user and the query of another one of its server."""
    user, at, _ = urlsplit(given).netloc.rpartition("@")
    query = urlsplit(given).query
    plain = url.partition("?")[0].replace("://", f"://{user}{at}", 1)
    return f"{plain}?{query}" if query else plain


def _with(file: Any, known: dict[str, str]) -> Any:
    return replace(file, endpoints=tuple(known.get(url, url) for url in file.endpoints))

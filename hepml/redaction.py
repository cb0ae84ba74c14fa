"""Keep user names, passwords and tokens in URLs out of everything that is written or shown."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["redacted"]

_USER = re.compile(r"(?<=://)[^/\s,]*@")
_QUERY = re.compile(r"(://[^?\s,]*)\?[^\s,]*")


def redacted(content: Any) -> Any:
    """Drop user, password and query (where tokens travel) from every URL in a document."""
    if isinstance(content, str):
        return _QUERY.sub(r"\1?...", _USER.sub("", content))
    if isinstance(content, dict):
        return {redacted(name): redacted(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [redacted(value) for value in content]
    return content

"""Keep user names, passwords and tokens in URLs out of everything that is written or shown."""

from __future__ import annotations

import logging
import re
from typing import Any

__all__ = ["redacted", "safe_logger"]

_USER = re.compile(r"(?<=://)[^/\s,]*@")
_QUERY = re.compile(r"(://[^?\s,]*)\?[^\s,]*?(?=:?(?:[\s,]|$))")


def redacted(content: Any) -> Any:
    """Drop user, password and query (where tokens travel) from every URL in a document."""
    if isinstance(content, str):
        return _QUERY.sub(r"\1?...", _USER.sub("", content))
    if isinstance(content, dict):
        return {redacted(name): redacted(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [redacted(value) for value in content]
    return content


def safe_logger(name: str) -> logging.Logger:
    """The logger of a module that logs about files and errors; credentials do not reach it."""
    logger = logging.getLogger(name)
    if not any(isinstance(known, _Redactor) for known in logger.filters):
        logger.addFilter(_Redactor())
    return logger


class _Redactor(logging.Filter):
    """Takes credentials out of messages and tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True

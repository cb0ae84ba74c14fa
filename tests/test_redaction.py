"""Credentials in URLs reach neither texts of errors nor logs."""

from __future__ import annotations

import copy
import logging

import pytest

from hepml.errors import FileAccessError
from hepml.redaction import redacted, safe_logger

SECRET = "root://ann:secret@site//a.root?authz=secret"


def test_what_is_redacted_once_stays_as_it_is() -> None:
    once = redacted(SECRET)
    assert once == "root://site//a.root?..."
    assert redacted(once) == once


def test_an_error_never_holds_a_credential() -> None:
    error = FileAccessError(f"Cannot open {SECRET}: no")
    assert "secret" not in str(error) + repr(error) + repr(copy.copy(error))
    assert str(error) == "Cannot open root://site//a.root?...: no"


def test_a_log_never_holds_a_credential(caplog: pytest.LogCaptureFixture) -> None:
    logger = safe_logger("hepml.test_redaction")
    assert len(safe_logger("hepml.test_redaction").filters) == 1
    with caplog.at_level(logging.DEBUG, logger="hepml.test_redaction"):
        try:
            raise OSError(f"no answer from {SECRET}")
        except OSError as error:
            logger.debug("%s failed", SECRET, exc_info=error)
    assert "root://site//a.root?... failed" in caplog.text
    assert "OSError: no answer from root://site//a.root?..." in caplog.text
    assert "secret" not in caplog.text

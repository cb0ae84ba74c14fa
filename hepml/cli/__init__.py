"""The command line: one file per command group, each calling library functions."""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib import import_module
from types import FrameType

__all__ = ["app", "main"]

from hepml.cli.app import app


def main() -> None:
    """Run the command line; a user's mistake ends in a message and an exit code."""
    from hepml.errors import HepmlError

    # a processor of your own, module:Class, is looked for beside you, as with `python -m`
    sys.path.append(os.getcwd())
    stopped = _stop_on_term()
    try:
        app()
    except HepmlError as error:
        rich_console = import_module("rich.console").Console(stderr=True, soft_wrap=True)
        rich_console.print("[bold red]error:[/] ", end="")
        rich_console.print(str(error), markup=False, highlight=False)
        sys.exit(error.exit_code)
    except SystemExit:
        if stopped:  # typer has turned the interrupt into an exit
            sys.exit(128 + stopped[0])
        raise
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(128 + (stopped[0] if stopped else signal.SIGINT))
    except BrokenPipeError:
        # the reader of a pipe (head, less) has had enough
        sys.stderr.close()
        sys.exit(0)


def _stop_on_term() -> list[int]:
    """Let SIGTERM, a batch system's last word, end a run as ctrl-C does: with a report.

    Returns
    -------
    list of int
        Gets the signal when it comes.
    """
    stopped: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # once: the report is being written
        stopped.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)
    return stopped

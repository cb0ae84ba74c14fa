"""The command line: one file per command group, each calling library functions."""

from __future__ import annotations

import os
import sys
from importlib import import_module

__all__ = ["app", "main"]

from hepml.cli.app import app


def main() -> None:
    """Run the command line; a user's mistake ends in a message and an exit code."""
    from hepml.errors import HepmlError

    # a processor of your own, module:Class, is looked for beside you, as with `python -m`
    sys.path.append(os.getcwd())
    try:
        app()
    except HepmlError as error:
        rich_console = import_module("rich.console").Console(stderr=True, soft_wrap=True)
        rich_console.print("[bold red]error:[/] ", end="")
        rich_console.print(str(error), markup=False, highlight=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # the reader of a pipe (head, less) has had enough
        sys.stderr.close()
        sys.exit(0)

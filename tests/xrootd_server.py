"""An XRootD server of this machine for tests, and a command line that runs a command beside it.

python tests/xrootd_server.py DIR -- COMMAND WITH {port}
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 20.0  # seconds until the server must answer, or must be gone
PORTS = 5  # another process may take a free port before the server does

MISSING = "XRootD's server is not installed (Debian: apt-get install xrootd-server)"

CONFIG = """
all.export / r/o
oss.localroot {export}
all.adminpath {admin}
all.pidpath {admin}
xrd.port {port}
xrd.allow host localhost
xrd.allow host 127.0.0.1
xrd.network nodnr
"""


class NoServerError(Exception):
    """The server is not installed, or does not start."""


class Server:
    """A read-only XRootD server on a port of this machine, for clients of this machine only.

    Parameters
    ----------
    folder : path
        What it shows. Files are linked where that is possible, otherwise copied, into ``export``.
    link : bool
        Whether files may be linked; false where a test is going to damage them.

    Attributes
    ----------
    export : Path
        What is shown, as it lies on disk; new files may be put there with `put`.
    port : int
        Where it listens; the same after a restart.
    """

    def __init__(self, folder: str | Path | None = None, *, link: bool = True) -> None:
        if shutil.which("xrootd") is None:
            raise NoServerError(MISSING)
        self.root = _open_folder()
        self.export = self.root / "export"
        self.admin = self.root / "admin"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _user()
        try:
            self.export.mkdir(mode=0o755)
            self.admin.mkdir(mode=0o755)
            if self._user is not None:
                os.chown(self.admin, self._user.pw_uid, self._user.pw_gid)
            if folder is not None:
                _publish(Path(folder), self.export, link)
        except BaseException:
            shutil.rmtree(self.root, ignore_errors=True)
            raise

    def url(self, path: str = "") -> str:
        """URL of a path below the export."""
        return f"root://localhost:{self.port}//{path}"

    @property
    def pid(self) -> int:
        """Process of the running server."""
        if self._process is None:
            raise NoServerError("the server is not running")
        return self._process.pid

    def put(self, source: Path, path: str) -> Path:
        """Copy a file into the export, readable for the server."""
        target = self.export / path
        target.parent.mkdir(parents=True, exist_ok=True)
        for folder in target.relative_to(self.export).parents:
            (self.export / folder).chmod(0o755)
        shutil.copyfile(source, target)
        target.chmod(0o644)
        return target

    def start(self) -> None:
        """Start on a free port, on a restart on the one from before, and wait for an answer."""
        if not self.root.exists():
            raise NoServerError("this server was given back")  # a thread of a test that is over
        wanted = [self.port] if self.port else [_free_port() for _ in range(PORTS)]
        for port in wanted:
            if self._start(port):
                self.port = port
                return
        log = self.admin / "log"
        told = log.read_text(errors="replace") if log.exists() else "it wrote no log"
        raise NoServerError(f"the XRootD server does not start:\n{told[-2000:]}")

    def _start(self, port: int) -> bool:
        config = self.root / "server.cfg"
        config.write_text(CONFIG.format(export=self.export, admin=self.admin, port=port))
        words = ["xrootd", "-c", str(config), "-l", str(self.admin / "log")]
        if self._user is not None:
            words += ["-R", self._user.pw_name]  # it refuses to run as root
        self._process = subprocess.Popen(
            words,
            cwd=self.admin,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # ctrl-C is for the command, not for the server
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if _answers(port):
                return True
            time.sleep(0.02)
        self.kill()
        return False

    def kill(self) -> None:
        """Stop the server at once, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server, by force if it does not listen."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)
        self.stop()  # a thread of a test may have started it again meanwhile


def _user() -> pwd.struct_passwd | None:
    """Who the server runs as where we are root; ``None``: as we do."""
    if os.geteuid() != 0:
        return None
    for name in ("xrootd", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServerError("XRootD's server does not run as root, and there is no user xrootd")


def _open_folder() -> Path:
    """A folder of a short name that other users can look into, as temporary ones often are not."""
    for base in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(base)
        passable = all(place.stat().st_mode & 0o001 for place in (path, *path.parents))
        # the server makes sockets in it, whose names have at most about 100 characters
        if passable and len(base) < 40 and os.access(path, os.W_OK):
            root = Path(tempfile.mkdtemp(prefix="xrd-", dir=path)).resolve()
            root.chmod(0o755)
            return root
    raise NoServerError("there is no temporary folder that the server could read: set TMPDIR")


def _publish(folder: Path, export: Path, link: bool) -> None:
    """Show a folder's files below the export, linked where the server may read them."""
    for source in sorted(folder.rglob("*")):
        target = export / source.relative_to(folder)
        if source.is_dir():
            target.mkdir(mode=0o755, parents=True, exist_ok=True)
        elif source.is_file():
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if not (link and source.stat().st_mode & 0o004 and _linked(source, target)):
                shutil.copyfile(source, target)
                target.chmod(0o644)
    for place in (export, *export.rglob("*")):
        if place.is_dir():
            place.chmod(0o755)  # whatever the umask


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system, or somebody else's file
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    """Whether an XRootD server shakes hands there."""
    # four zero words, then 4 and 2012: the protocol's first message; its answer begins with zeros
    hello = bytes(12) + (4).to_bytes(4, "big") + (2012).to_bytes(4, "big")
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(hello)
            return len(connection.recv(8)) > 0
    except OSError:
        return False


@contextmanager
def serve(folder: str | Path | None = None, *, link: bool = True) -> Iterator[Server]:
    """Run a server for the length of a block; nothing of it is left behind."""
    with Server(folder, link=link) as server:
        yield server


def main(words: list[str]) -> int:
    """Run a command beside a server of a folder; the exit code is the command's."""
    if "--" not in words or words.index("--") != 1 or len(words) < 3:
        print("usage: xrootd_server.py DIR -- COMMAND WITH {port}", file=sys.stderr)
        return 2
    folder, command = words[0], words[2:]
    if not Path(folder).is_dir():
        print(f"{folder} is not a directory", file=sys.stderr)
        return 2

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)  # through the finally clauses

    signal.signal(signal.SIGTERM, stop)
    try:
        with serve(folder) as server:
            filled = [word.replace("{port}", str(server.port)) for word in command]
            return _run(filled)
    except NoServerError as error:
        print(error, file=sys.stderr)
        return 2


def _run(command: list[str]) -> int:
    try:
        process = subprocess.Popen(command)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}", file=sys.stderr)
        return 127
    try:
        while True:
            with suppress(KeyboardInterrupt):  # the command got it too, and decides
                code = process.wait()
                return code if code >= 0 else 128 - code
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

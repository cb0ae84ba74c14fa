"""Fingerprint of everything that decides a chunk's result: code, parameters, versions."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle

from hepml.scoring import comparable

if TYPE_CHECKING:
    from hepml.processor import Processor

__all__ = [
    "code_hash",
    "fingerprint",
    "framework_hash",
    "model_code_hash",
    "model_versions",
    "package_root",
    "package_versions",
]

# the packages whose code computes what ends up in a result
PACKAGES = ("coffea", "awkward", "uproot", "hist", "boost-histogram", "numpy", "pyarrow", "vector")
# parts of hepml that only look at results
OUTSIDE = (
    "cli",
    "plots",
    "simulate",
    "ml",
    "stats",
    "importers",
    "explore",
    "export",
    "normalise.py",
    "workspace.py",
)


# the packages whose code computes what a model says
MODEL_PACKAGES = ("lightgbm", "scikit-learn", "imbalanced-learn", "torch")


@cache
def package_versions() -> dict[str, str]:
    """Versions of the packages that results depend on, and of hepml and Python."""
    import platform

    import hepml

    found = {"hepml": hepml.__version__, "python": platform.python_version()}
    return found | _versions(PACKAGES)


@cache
def model_versions() -> dict[str, str]:
    """Versions of the packages that read models."""
    return _versions(MODEL_PACKAGES)


def _versions(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _hash_sources(files: list[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def framework_hash() -> str:
    """Hash of hepml without what only looks at results, and of the shipped processors.

    The latter count for every processor: that of another package may be made of their parts.
    """
    import processors

    root = Path(__file__).parents[1]
    files = [p for p in root.rglob("*.py") if p.relative_to(root).parts[0] not in OUTSIDE]
    shipped = Path(processors.__file__).parent
    return _hash_sources(files, root) + _hash_sources(list(shipped.rglob("*.py")), shipped)


@cache
def model_code_hash() -> str:
    """Hash of the part of `hepml.ml` that reads and applies models: what it imports, no more."""
    root = Path(__file__).parents[1]
    files, wanted = set[Path](), {root / "ml" / "models.py"}
    while wanted:
        path = wanted.pop()
        files.add(path)
        wanted |= _imported(path, root) - files
    return _hash_sources(list(files), root)


def _imported(source: Path, root: Path) -> set[Path]:
    """Modules of `hepml.ml` that a module names in its imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hepml.ml"):
            place = root.joinpath(*(node.module or "").split(".")[1:])
            names = (place.with_suffix(".py"), *(place / f"{n.name}.py" for n in node.names))
            found |= {path for path in names if path.is_file()}
    return found


def code_hash(processor: type[Processor]) -> str:
    """Hash of the framework and of the package or script that defines a processor."""
    defined: Any = processor
    return _code_hash(defined)


@cache
def _code_hash(processor: Any) -> str:
    digest = hashlib.sha256(framework_hash().encode())
    try:
        source = Path(inspect.getfile(processor))
    except (TypeError, OSError):
        digest.update(_own_code(processor))
        return digest.hexdigest()
    root = package_root(source)
    files = list(root.rglob("*.py")) if root.is_dir() else [source]
    digest.update(_hash_sources(files, root if root.is_dir() else root.parent).encode())
    return digest.hexdigest()


def _own_code(processor: Any) -> bytes:
    """Code of a class typed into a notebook: its text, or else its pickled form."""
    try:
        return inspect.getsource(processor).encode()
    except (TypeError, OSError):
        return bytes(cloudpickle.dumps(processor))


def package_root(source: Path) -> Path:
    """The outermost package around a file, or the file itself where there is none."""
    root = source
    while (root.parent / "__init__.py").exists():
        root = root.parent
    return root


def fingerprint(processor: Processor) -> str:
    """Fingerprint of a processor instance; a checkpoint made under another one is not used."""
    content: dict[str, Any] = {
        "code": code_hash(type(processor)),
        "class": f"{type(processor).__module__}:{type(processor).__qualname__}",
        "parameters": comparable(processor.parameters()),
        "versions": package_versions(),
    }
    if processor.model is not None:
        content["model"] = {"code": model_code_hash(), "versions": model_versions()}
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]

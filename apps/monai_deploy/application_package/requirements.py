"""The MAP's requirements: what ``uptake[deploy]`` needs, with everything that in turn needs, at locked versions."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_IMAGE = {"python_version": "3.12", "python_full_version": "3.12.3"}  # Ubuntu 24.04, the packager's base image
_IN_EVERY_ENVIRONMENT = {"pip", "setuptools", "wheel"}  # which is why a lock leaves them out


def locked_requirements(lock: str, *, package: str = "uptake", extra: str = "deploy") -> list[str]:
    """Pin a package's dependencies, and theirs, to the lock.

    Parameters
    ----------
    lock
        Text of a constraints file, one ``name==version`` a line.
    package, extra
        Whose dependencies; read from what is installed beside this code.

    Returns
    -------
    list of str
        Lines ``name==version``, sorted. A dependency that is installed only in the image (for another Python, or with
        the CUDA build of torch) is left to pip, which takes the version that its parent asks for.

    Raises
    ------
    ValueError
        If something that is installed and needed is not in the lock.
    """
    pins: dict[str, str] = {}
    for line in lock.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            pins[canonicalize_name(requirement.name)] = f"{requirement.name}{requirement.specifier}"
    names = _needed(package, {extra}) - _IN_EVERY_ENVIRONMENT
    missing = sorted(names - set(pins))
    if missing:
        raise ValueError(f"requirements.lock lacks {', '.join(missing)}")
    return [pins[name] for name in sorted(names)]


def _needed(package: str, extras: set[str]) -> set[str]:
    """Names of everything installed that ``package[extras]`` needs on the image's Python."""
    seen: set[tuple[str, str]] = set()
    names: set[str] = set()
    waiting = [(package, frozenset(extras))]
    while waiting:
        name, wanted = waiting.pop()
        for requirement in _requirements(name, wanted):
            key = canonicalize_name(requirement.name)
            if (key, str(sorted(requirement.extras))) in seen or not _installed(key):
                continue
            seen.add((key, str(sorted(requirement.extras))))
            names.add(key)
            waiting.append((key, frozenset(requirement.extras)))
    return names


def _requirements(package: str, extras: frozenset[str]) -> Iterator[Requirement]:
    for line in requires(package) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**_IMAGE, "extra": extra}) for extra in ("", *extras)):
            yield requirement


def _installed(package: str) -> bool:
    try:
        requires(package)
    except PackageNotFoundError:
        return False
    return True

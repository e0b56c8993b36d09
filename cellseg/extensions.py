"""Parts of other packages, named by entry points; nothing of them is imported before it is asked for by its name."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from cellseg.errors import InputError, reason_of

ExtensionGroup = Literal["cellseg.networks", "cellseg.losses", "cellseg.formats"]


def extension_names(group: ExtensionGroup) -> list[str]:
    """Names that installed packages bring, without importing any."""
    return sorted(_found(group))


def load_extension(group: ExtensionGroup, name: str) -> Any:
    """Part that a package brings under this name; None where none does. InputError where it cannot be imported."""
    found = _found(group).get(name)
    if found is None:
        return None
    try:
        return found.load()
    except Exception as error:  # whatever the package does when it is imported
        package = found.dist.name if found.dist is not None else found.module
        what = f"{name!r} of the package {package} cannot be imported ({reason_of(error)})"
        raise InputError(what, "Mend or remove the package.") from error


@cache
def _found(group: ExtensionGroup) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}

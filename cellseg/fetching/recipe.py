"""Recipes of data sets: where the files lie, what they are, and what becomes of them."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from cellseg.errors import InputError, reading

RECIPES = Path(__file__).parent / "recipes"
ENDING = ".toml"
PROTOCOLS = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to download.

    Attributes:
        url: its address.
        bytes: its size; of an archive whose checksum is not known, about that.
        sha256: checksum in hexadecimal digits; empty of an archive of which only the content is known.
        name: what it becomes, where its group makes a file of each.
    """

    url: str
    bytes: int
    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """Files of which the same is made.

    Attributes:
        make: name of what is made, see `cellseg.fetching.arrange`.
        to: file or folder that it becomes.
        files: sources, in the order of the pages.
        under: folder of an archive in which the things to take lie.
        inside: beginnings of the names to take there; empty: all.
        content: checksum of what is taken from an archive, see `content_of`.
    """

    make: str
    to: str
    files: tuple[SourceFile, ...]
    under: str = ""
    inside: tuple[str, ...] = ()
    content: str = ""


@dataclass(frozen=True, slots=True)
class DataRecipe:
    """A data set: what it is, its terms, and its files.

    Attributes:
        images, labels: what `cellseg train` opens in the folder.
        digest: checksum of the recipe itself.
    """

    name: str
    title: str
    licence: str
    citation: str
    images: str
    labels: str
    groups: tuple[SourceGroup, ...]
    digest: str

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """All files to download, each once."""
        return tuple({one.url: one for group in self.groups for one in group.files}.values())

    @property
    def bytes(self) -> int:
        """Size of all downloads."""
        return sum(one.bytes for one in self.files)


def recipe_names() -> list[str]:
    """Names of the data sets that are known."""
    return sorted(path.stem for path in RECIPES.glob(f"*{ENDING}"))


def find_recipe(name: str) -> DataRecipe:
    """The recipe of a data set.

    Args:
        name: one of `recipe_names`, or the path of a recipe of one's own, which ends in .toml.

    Raises:
        InputError: there is none, or it cannot be used.
    """
    if name in recipe_names():
        return read_recipe(RECIPES / f"{name}{ENDING}")
    if name.endswith(ENDING) and Path(name).is_file():
        return read_recipe(Path(name))
    remedy = f"Known are: {', '.join(recipe_names())}; or name a file, recipe{ENDING}."
    raise InputError(f"there is no data set called {name!r}", remedy)


def read_recipe(path: Path) -> DataRecipe:
    """The recipe in a file. Raises InputError where it is none."""
    with reading(path, "is no recipe of a data set", "See data/README.md for what belongs into one."):
        text = path.read_text(encoding="utf-8")
        tree = tomllib.loads(text)
        groups = tuple(_group(one) for one in tree["groups"])
        words = {key: str(tree[key]) for key in ("title", "licence", "citation", "images", "labels")}
        digest = hashlib.sha256(text.encode()).hexdigest()
        return DataRecipe(name=path.stem, groups=groups, digest=digest, **words)


def _group(tree: dict[str, Any]) -> SourceGroup:
    address = str(tree["address"]).rstrip("/")
    if not address.startswith(PROTOCOLS):
        raise ValueError(f"address {address!r} is not of the web")
    return SourceGroup(
        make=str(tree["make"]),
        to=inner_name(str(tree["to"])),
        files=tuple(_file(address, str(line)) for line in tree["files"]),
        under=str(tree.get("under", "")),
        inside=tuple(map(str, tree.get("inside", ()))),
        content=str(tree.get("content", "")),
    )


def _file(address: str, line: str) -> SourceFile:
    """A file from its line: checksum or -, bytes, name, and where it is to be called otherwise: > name."""
    source, _, called = line.partition(" > ")
    checksum, size, name = source.split(" ", 2)
    if checksum != "-" and len(checksum) != 64:
        raise ValueError(f"{checksum!r} is no SHA-256")
    return SourceFile(f"{address}/{name}", int(size), checksum.strip("-"), inner_name(called or name))


def inner_name(name: str) -> str:
    """A name that stays in its folder. Raises ValueError for any other."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or "\\" in name or name.startswith("/") or PureWindowsPath(name).drive:
        raise ValueError(f"{name!r} leads out of the folder")
    return name

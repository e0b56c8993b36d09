"""cellseg fetch: public data sets."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import console, say
from cellseg.wording import size_of

if TYPE_CHECKING:
    from cellseg.fetching.download import Told
    from cellseg.fetching.recipe import DataRecipe

FOLDER = "CELLSEG_DATA"
"""Environment variable that names the folder of data sets."""


def fetch(name: str | None = None, /, *, out: Path | None = None, as_json: JsonFlag = False) -> int:
    """Download, verify and arrange a public data set.

    Without a name: the data sets there are. Licence, citation and size are shown first. A download that broke goes on
    when the same is run again; nothing stands under the final name before all of it is there and verified.

    Parameters
    ----------
    name
        Name of the data set, or a recipe of your own (.toml, see data/README.md).
    out
        Folder that it becomes. Default: NAME in the folder that CELLSEG_DATA names, else in the working folder.
    """
    from cellseg.fetching.recipe import find_recipe

    if name is None:
        return _list(as_json)
    recipe = find_recipe(name)
    out = out or Path(os.environ.get(FOLDER) or ".") / recipe.name
    _show(recipe, out)
    new = _fetched(recipe, out)
    if as_json:
        sys.stdout.write(json.dumps({**_told(recipe), "out": str(out), "downloaded": new}) + "\n")
    say(f"  next: cellseg train --images {out / recipe.images} --labels {out / recipe.labels} --out RUN")
    return 0


def _fetched(recipe: DataRecipe, out: Path) -> bool:
    """Fetch what is not there; whether anything was downloaded."""
    from cellseg.fetching.fetch import fetch as fetch_recipe
    from cellseg.fetching.fetch import is_there

    if is_there(recipe, out):
        say(f"{out} is already there and verified; nothing was downloaded")
        return False
    with console().status("connecting") as status:
        fetch_recipe(recipe, out, _progress(recipe, status))
    say(f"wrote {out}")
    return True


def _progress(recipe: DataRecipe, status: Any) -> Told:
    """Show how much is there of all."""
    there = 0

    def told(count: int) -> None:
        nonlocal there
        there += count
        status.update(f"{size_of(there)} of about {size_of(recipe.bytes)}")

    return told


def _show(recipe: DataRecipe, out: Path) -> None:
    """The terms, before anything is downloaded."""
    say(f"{recipe.name}: {recipe.title}")
    say(f"  licence   {recipe.licence}")
    say(f"  cite      {recipe.citation}")
    count = len(recipe.files)
    say(f"  download  about {size_of(recipe.bytes)} in {count} file{'s' * (count > 1)}, into {out}")


def _list(as_json: bool) -> int:
    """The data sets that are known."""
    from cellseg.fetching.recipe import find_recipe, recipe_names

    recipes = [find_recipe(name) for name in recipe_names()]
    if as_json:
        sys.stdout.write(json.dumps({"data_sets": [_told(recipe) for recipe in recipes]}) + "\n")
        return 0
    for recipe in recipes:
        console(error=False).print(f"{recipe.name}: {recipe.title}; {size_of(recipe.bytes)}; {recipe.licence}")
    console(error=False).print("  next: cellseg fetch NAME")
    return 0


def _told(recipe: DataRecipe) -> dict[str, Any]:
    names = ("name", "title", "licence", "citation", "images", "labels", "bytes")
    return {name: getattr(recipe, name) for name in names}

"""Names of the classes that a training tells apart."""

from __future__ import annotations

from cellseg.errors import InputError
from cellseg.models.card import ModelCard

BACKGROUND = "background"


def class_names(asked: str | None, classes: int, card: ModelCard | None = None) -> tuple[str, ...]:
    """Names of all classes, the background first: those of the model that is gone on from, those asked for, or numbers.

    Args:
        asked: names of the classes 1, 2, ..., with commas between.
        classes: number of classes, background included.
        card: of the model that is gone on from.

    Raises:
        InputError: they are too few or too many, one is empty, two are alike, or the model has others.
    """
    names = () if asked is None else tuple(name.strip() for name in asked.split(","))
    if card is not None:
        if names and names != card.class_names[1:]:
            found = f"--class-names is {asked}, the classes of the model of --from are {','.join(card.class_names[1:])}"
            raise InputError(found, "Leave --class-names out, or train without --from.")
        return card.class_names
    if not names:
        return (BACKGROUND, "cell") if classes == 2 else (BACKGROUND, *map(str, range(1, classes)))
    if len(names) != classes - 1:
        found = f"--class-names names {len(names)} classes, the labels have {classes - 1}"
        raise InputError(found, "Name the classes 1, 2, ..., with commas between.")
    if "" in names or len({BACKGROUND, *names}) != classes:
        raise InputError(f"--class-names is {asked}", "Give each class a name of its own, and none to the background.")
    if not all(name.isprintable() for name in names):
        raise InputError(f"--class-names is {asked!r}", "Names have no line breaks and no tabs.")
    return (BACKGROUND, *names)

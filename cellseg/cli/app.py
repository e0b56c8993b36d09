"""The commands by name."""

from __future__ import annotations

from typing import Any

from cyclopts import App
from cyclopts.token import Token

from cellseg import __version__
from cellseg.cli import augment, check, demo, evaluate, info, models, predict, sample, split, train, weights


def use_recipe(_app: App, commands: tuple[str, ...], arguments: Any) -> None:
    """Give the options of `--recipe` to all options that were not given themselves."""
    if commands != ("train",):
        return
    from cellseg.training.recipes import RECIPES

    by_name = {name: argument for argument in arguments for name in argument.names}
    chosen = [token.value for token in by_name["--recipe"].tokens]
    for name, value in RECIPES.get(chosen[-1] if chosen else "fast", {}).items():
        argument = by_name[f"--{name.replace('_', '-')}"]
        if not argument.tokens:
            argument.append(Token(keyword=argument.name, value=str(value), source=f"recipe {chosen[-1]}"))


app = App(
    name="cellseg",
    version=f"cellseg {__version__}",
    help="From a few annotated images to segmented TIFFs larger than memory, with the U-Net.",
    help_epilogue="`cellseg COMMAND --help` says more. -v and -vv show what happens inside.",
    config=use_recipe,
)
app.command(demo.demo)
app.command(sample.sample)
app.command(check.check)
app.command(weights.weights)
app.command(augment.augment)
app.command(train.train)
app.command(predict.predict)
app.command(evaluate.evaluate)
app.command(split.split)
app.command(models.models)
app.command(info.info)

"""The commands by name."""

from __future__ import annotations

from cyclopts import App

from cellseg import __version__
from cellseg.cli import (
    augment,
    check,
    convert,
    demo,
    evaluate,
    info,
    measure,
    models,
    napari,
    predict,
    sample,
    split,
    train,
    tune,
    weights,
)
from cellseg.cli.train_config import complete_options

app = App(
    name="cellseg",
    version=f"cellseg {__version__}",
    help="From a few annotated images to segmented TIFFs larger than memory, with the U-Net.",
    help_epilogue="`cellseg COMMAND --help` says more. -v and -vv show what happens inside.",
    config=complete_options,
)
app.command(demo.demo)
app.command(sample.sample)
app.command(check.check)
app.command(weights.weights)
app.command(augment.augment)
app.command(train.train)
app.command(predict.predict)
app.command(evaluate.evaluate)
app.command(tune.tune)
app.command(measure.measure)
app.command(convert.convert)
app.command(split.split)
app.command(models.models)
app.command(info.info)
app.command(napari.napari)

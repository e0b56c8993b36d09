"""cellseg demo: the main job on generated data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellseg.cli.progress import say

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 240
TRAINING = (6, (256, 256))
LARGE = (600, 800)


def demo(*, out: Path = Path("demo")) -> int:
    """Make a sample, train on it, predict a larger TIFF, evaluate, and draw a picture of all of it; then find nuclei
    with the model that comes with the package.

    Parameters
    ----------
    out
        The folder to fill.
    """
    from cellseg import cli

    _clear(out)
    _write_samples(out)
    for command in _commands(out):
        say(f"\ncellseg {command}")
        code = cli.run(command.split())
        if code:
            return code
    _draw(out, out / "large" / "images.tif", out / "large" / "labels.tif")
    _draw_nuclei(out, out / "nuclei" / "images.tif", out / "nuclei" / "labels.tif")
    say(
        f"\nOpen {out / 'overview.png'}: image, truth, weight map, probability, result;"
        f"\nand {out / 'nuclei.png'}: what the model nuclei, which comes with the package, finds without any training."
        f"\nAlso there: {out / 'run' / 'curves.png'} (the training), {out / 'labels.tif'} (numbered cells, for Fiji or "
        "napari)."
        "\nNow your own data:"
        "\n  cellseg train --images IMAGES.tif --labels LABELS.tif --out RUN"
        "\n  cellseg predict RUN IMAGE.tif --out RESULT.tif"
        "\nOr, if it shows fluorescent nuclei:"
        "\n  cellseg predict nuclei IMAGE.tif --out RESULT.tif"
    )
    return 0


def _clear(out: Path) -> None:
    """Remove the results of an earlier demo."""
    import shutil

    if (out / "run").is_dir():
        shutil.rmtree(out / "run")
    for name in ("labels", "probabilities", "nuclei"):
        (out / f"{name}.tif").unlink(missing_ok=True)


def _write_samples(out: Path) -> None:
    from cellseg.cli.sample import write_sample

    count, shape = TRAINING
    write_sample("touching", out / "train", shape, count, seed=1)
    write_sample("touching", out / "large", LARGE, 1, seed=2)
    write_sample("blobs", out / "nuclei", LARGE, 1, seed=3)


def _commands(out: Path) -> list[str]:
    run, train, large, nuclei = out / "run", out / "train", out / "large", out / "nuclei"
    return [
        f"train --images {train}/images.tif --labels {train}/labels.tif --out {run} --steps {STEPS} --validation 1",
        f"predict {run} {large / 'images.tif'} --out {out}/labels.tif",
        f"predict {run} {large / 'images.tif'} --out {out}/probabilities.tif --result probabilities",
        f"evaluate {out}/labels.tif {large / 'labels.tif'} --metrics pixel_error,v_rand,average_precision",
        f"predict nuclei {nuclei / 'images.tif'} --out {out}/nuclei.tif",
        f"evaluate {out}/nuclei.tif {nuclei / 'labels.tif'} --metrics average_precision",
    ]


def _draw(out: Path, image: Path, truth: Path) -> None:
    from cellseg import weight_map
    from cellseg.cli.pictures.panels import colour_instances, draw_panels

    labels = _page(truth)
    panels = [
        ("image", _page(image), "gray"),
        ("truth", colour_instances(labels), ""),
        ("weight map", weight_map(labels), "viridis"),
        ("probability", _page(out / "probabilities.tif"), "magma"),
        ("result", colour_instances(_page(out / "labels.tif")), ""),
    ]
    draw_panels(panels, out / "overview.png")


def _draw_nuclei(out: Path, image: Path, truth: Path) -> None:
    from cellseg.cli.pictures.panels import colour_instances, draw_panels

    panels = [
        ("image", _page(image), "gray"),
        ("truth", colour_instances(_page(truth)), ""),
        ("found by the model nuclei", colour_instances(_page(out / "nuclei.tif")), ""),
    ]
    draw_panels(panels, out / "nuclei.png")


def _page(path: Path) -> NDArray[Any]:
    from cellseg.images.open import open_image

    found: NDArray[Any] = open_image(path).read(0)[0]
    return found

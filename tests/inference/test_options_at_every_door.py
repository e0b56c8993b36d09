"""Every option of a prediction reaches every door, or the door refuses it by its name."""

from dataclasses import fields, replace

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.cli.app import command_line
from cellseg.images.grey_values import CONTRAST
from cellseg.images.open import open_image
from cellseg.inference import scope
from cellseg.inference.runner import Runner
from cellseg.inference.segment import segment
from cellseg.inference.verify import verify_seams
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions

OTHERS = {
    "result": ["classes", "probabilities"],
    "tile": [32],
    "diameter": [13.0],
    "invert": [True],
    "grey_values": ["40,300"],
    "average": ["dihedral8"],
    "precision": ["bfloat16"],
    "prune": [1],
    "memory": ["20GB"],
    "uncertainty": ["entropy"],
    "threshold": [0.0, 0.52],
    "core": [0.9],
    "minimum_size": [0, 12],
    "minimum_probability": [0.53],
    "fill_holes": [0, 9],
    "split": ["watershed"],
    "object_diameter": [40.0],
    "link": ["overlap"],
    "link_overlap": [0.9],
    "probability_type": ["uint8"],
    "label_type": ["uint16"],
}
"""Values of each option that are not the default; every one changes something in one of the cases below."""
TOGETHER = {
    "object_diameter": {"split": "watershed"},
    "link_overlap": {"link": "overlap"},
    "probability_type": {"result": "probabilities"},
}
"""Options without which another one has no effect."""
CASES = [(name, value) for name, values in OTHERS.items() for value in values]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    made = as_model(cellseg.build("unetpp", base=2, depth=2, norm="batch"))
    return replace(
        made, card=replace(made.card, diameter=10.0, minimum_size=4, fill_holes=3, threshold=0.5, grey_values=CONTRAST)
    )


@pytest.fixture(scope="module")
def stack():
    rng = np.random.default_rng(0)
    planes = [np.kron(rng.integers(40, 200, (24, 22)), np.ones((4, 4))) + rng.normal(0, 9, (96, 88)) for _ in range(2)]
    return np.stack(planes).clip(0, 255).astype(np.uint8)


class Door:
    """Ways to a prediction; what each gives can be compared, and counts the passes through the network."""

    def __init__(self, model, stack, folder, monkeypatch):
        self.model, self.stack, self.folder = model, stack, folder
        self.passes = []
        ran = Runner.__call__

        def counting(runner, pixels):
            self.passes.append((pixels.shape, runner.precision, round(float(pixels.sum()), 2)))
            return ran(runner, pixels)

        monkeypatch.setattr(Runner, "__call__", counting)

    def source(self):
        tifffile.imwrite(self.folder / "stack.tif", self.stack, photometric="minisblack")
        return open_image(self.folder / "stack.tif")

    def predict(self, **options):
        found = list(cellseg.predict(self.model, self.stack, **options))
        return [(tile, probabilities.tobytes()) for tile, probabilities in found]

    def predict_array(self, **options):
        return cellseg.predict_array(self.model, self.stack[0], **options).tobytes()

    def segment_array(self, **options):
        found = cellseg.segment_array(self.model, self.stack[0], **options)
        return found.dtype, found.tobytes()

    def keep_prediction(self, **options):
        kept = cellseg.keep_prediction(self.model, self.source(), self.folder / "kept", **options)
        for _ in kept.fill():
            pass
        for _ in kept.write(self.folder / "kept.tif"):
            pass
        return self.written("kept"), kept.decisions

    def segment(self, **options):
        for _ in segment(self.model, self.source(), self.folder / "out.tif", PredictOptions(**options)):
            pass
        return self.written("out")

    def verify_seams(self, **options):
        return list(verify_seams(self.model, self.source(), 1, PredictOptions(**options)))

    def command(self, **options):
        words = [word for name, value in options.items() for word in words_of(name, value)]
        _, bound, _ = command_line().parse_args(
            ["predict", "nuclei", "a.tif", "--out", "b.tif", *words], exit_on_error=False
        )
        return bound.arguments.get("options", PredictOptions())

    def written(self, name):
        files = sorted(self.folder.glob(f"{name}*.tif"))
        arrays = [tifffile.imread(file) for file in files]
        return [(file.name, array.dtype, array.tobytes()) for file, array in zip(files, arrays, strict=True)]


DOORS = [name for name in vars(Door) if not name.startswith("_") and name not in ("source", "written")]


def words_of(name, value):
    flag = f"--{name.replace('_', '-')}"
    return [flag] if value is True else [flag, str(value)]


def test_every_option_is_here():
    assert list(OTHERS) == [field.name for field in fields(PredictOptions)]


@pytest.fixture
def door(model, stack, tmp_path, monkeypatch):
    return Door(model, stack, tmp_path, monkeypatch)


def outcome(door, name, options):
    """What a door gives, and how the network ran for it; or the message with which it refuses."""
    door.passes.clear()
    for file in door.folder.glob("*.tif"):
        file.unlink()
    try:
        given = getattr(door, name)(**options)
    except cellseg.InputError as error:
        return f"refused: {error}"
    return given, sorted(set(door.passes)), len(door.passes)


@pytest.mark.parametrize("where", DOORS)
@pytest.mark.parametrize(("name", "value"), CASES, ids=str)
def test_it_has_an_effect_or_is_refused(door, where, name, value):
    beside = TOGETHER.get(name, {})
    without, found = outcome(door, where, beside), outcome(door, where, {**beside, name: value})
    if isinstance(found, str):
        assert name in found or f"--{name.replace('_', '-')}" in found or any(other in found for other in beside)
    elif (where, name) not in UNSEEN:
        assert found != without


@pytest.mark.parametrize("where", [where for where in DOORS if where not in ("verify_seams", "command")])
@pytest.mark.parametrize("name", sorted(scope.OF_TWO_CLASSES))
def test_with_several_classes_too(model, stack, tmp_path, monkeypatch, where, name):
    """Each pixel has the most probable class then, whatever its probability."""
    torch.manual_seed(0)
    network = cellseg.build("unetpp", classes=3, base=2, depth=2, norm="batch")
    names = ("background", "a", "b")
    door = Door(
        replace(model, network=network, card=replace(model.card, class_names=names)), stack, tmp_path, monkeypatch
    )
    assert not isinstance(outcome(door, where, {}), str)
    found = outcome(door, where, {name: 0.9})
    assert found.startswith("refused: ")
    assert name in found or f"--{name.replace('_', '-')}" in found


OF_THE_RESULT = scope.CUT | {"uncertainty"}
UNSEEN = {
    *((where, "memory") for where in DOORS if where != "command"),  # the tile of so small an image is the same
    *(("verify_seams", name) for name in OF_THE_RESULT),  # of the probabilities alone
    *((where, "result") for where in ("predict", "predict_array")),  # probabilities are what they give
}
"""Options that change nothing of what a door gives, and do no harm there."""


@pytest.mark.parametrize(
    "options", [{"invert": True}, {"average": "dihedral8"}, {"diameter": 13.0}, {"prune": 1}, {"precision": "bfloat16"}]
)
def test_a_kept_prediction_is_the_one_of_an_array_and_has_a_journal_of_its_own(model, stack, tmp_path, options):
    plain = cellseg.keep_prediction(model, stack, tmp_path)
    list(plain.fill())
    assert plain.done
    kept = cellseg.keep_prediction(model, stack, tmp_path, **options)
    assert not kept.done
    list(kept.fill())
    for plane in range(2):
        found = kept.read(plane, slice(0, 96), slice(0, 88))
        np.testing.assert_allclose(found, cellseg.predict_array(model, stack[plane], **options), atol=1e-6)
    assert not np.allclose(found, cellseg.predict_array(model, stack[1]), atol=1e-3) or "precision" in options

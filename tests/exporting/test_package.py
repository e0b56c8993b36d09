"""A bioimage.io package passes the test of bioimageio.core, and says what the network takes away."""

import zipfile

import numpy as np
import pytest

import cellseg
from cellseg.errors import InputError
from cellseg.exporting.architecture import self_contained
from cellseg.exporting.describe import authors_of, licence_of
from cellseg.exporting.travelling import WholeNetwork
from tests.exporting.conftest import every_network, images_of, tiny, with_card
from tests.exporting.test_travelling import spots

core = pytest.importorskip("bioimageio.core")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # other programs' own
    pytest.mark.timeout(600),
]
FORMATS = {"onnx", "torchscript", "pytorch_state_dict"}


@every_network
def test_the_source_of_an_architecture_needs_torch_alone(name):
    import torch

    model = tiny(name, 2, 3)
    source = self_contained(model.network, "1.2.3")
    assert not [line for line in source.splitlines() if "import" in line and "cellseg" in line]
    found = {}
    exec(compile(source, name, "exec"), found)
    whole = WholeNetwork(model.network, bends=True).eval()
    made = found["build"](**model.card.options, margin=model.network.geometry.margin, bends=True).eval()
    made.load_state_dict(whole.state_dict())
    image = torch.from_numpy(next(images_of(model.network.geometry, 2)))
    with torch.no_grad():
        assert torch.equal(made(image), whole(image))


def checked(model, folder, **options):
    """The description of a package, which passes the test of all its weights."""
    cellseg.export(model, folder / "p.zip", format="bioimageio", authors="A. Person (Institute)", **options)
    found = core.test_model(folder / "p.zip")
    assert found.status == "passed", [str(error) for detail in found.details for error in detail.errors]
    return core.load_model_description(folder / "p.zip")


@pytest.mark.parametrize(
    ("rule", "first"),
    [("contrast", "scale_range"), pytest.param("mean", "zero_mean_unit_variance", marks=pytest.mark.slow)],
)
def test_a_package_passes_the_test_of_bioimageio(rule, first, tmp_path):
    """It takes some seconds: three kinds of weights at six sizes each."""
    made = checked(with_card(tiny("unet"), grey_values=rule, licence="CC0 1.0, as its data"), tmp_path)
    assert {name for name in FORMATS if getattr(made.weights, name)} == FORMATS
    assert [axis.size.offset for axis in made.outputs[0].axes[2:]] == [-40, -40]
    assert [(axis.size.min, axis.size.step) for axis in made.inputs[0].axes[2:]] == [(44, 4), (44, 4)]
    assert [step.id for step in made.inputs[0].preprocessing][:2] == ["ensure_dtype", first]
    assert made.license == "CC0-1.0"
    assert zipfile.ZipFile(tmp_path / "p.zip").testzip() is None


@pytest.mark.slow
@every_network
def test_every_exact_network_passes_the_test_of_bioimageio(name, tmp_path):
    if not tiny(name).network.geometry.exact:
        pytest.skip("no tile of it is exact")
    checked(tiny(name, 2, 4), tmp_path, like=spots(channels=2))


def test_people_and_licences():
    assert authors_of("A. Person (Institute); B. Person") == [
        {"name": "A. Person", "affiliation": "Institute"},
        {"name": "B. Person"},
    ]
    assert authors_of(None) == [{"name": "not named"}]
    assert licence_of(with_card(tiny("unet"), licence="CC BY 4.0").card) == "CC-BY-4.0"
    assert licence_of(with_card(tiny("unet"), licence="ask me").card) is None


def test_what_bioimageio_does_not_take_is_told_in_a_line(tmp_path):
    with pytest.raises(InputError, match="licence") as error:
        cellseg.export(tiny("unet"), tmp_path / "p.zip", format="bioimageio", licence="mine")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_steps_of_an_image_are_its_numbers(tmp_path):
    from cellseg.exporting.travelling import travelling
    from cellseg.models.exported.greys import stepped, steps

    image = spots(channels=2)
    note = travelling(tiny("unet", 2), image).note
    assert [step["id"] for step in steps(note)] == ["ensure_dtype", "scale_linear"]
    pixels = image.read(0).astype(np.float32)
    wanted = pixels * np.array(note.gain)[:, None, None] + np.array(note.offset)[:, None, None]
    assert np.allclose(stepped(pixels, note), wanted, atol=1e-4)

"""Which layer the panels take for the user's."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari_cellseg.session import MADE, Session


@pytest.mark.parametrize("what", MADE)
def test_what_was_made_of_an_image_is_never_taken_for_it(what):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 4)))
    annotation = viewer.add_labels(np.zeros((4, 4), int), metadata={"cellseg": {"what": "annotation"}})
    made = viewer.add_image(np.zeros((4, 4)), metadata={"cellseg": {"what": what}})
    session = Session(viewer)
    for active in (made, annotation, image):
        viewer.layers.selection.active = active
        assert session.image() is image
        assert session.labels() is annotation

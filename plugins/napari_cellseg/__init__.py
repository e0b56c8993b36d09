"""The napari plugin of cellseg."""

"""Pixels of layers and files: lazy arrays, pictures on disk, and which file a layer shows."""

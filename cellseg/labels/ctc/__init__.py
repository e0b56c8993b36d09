"""The folders of the Cell Tracking Challenge."""

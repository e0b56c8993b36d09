"""Tiles, prediction, averaging, instances."""

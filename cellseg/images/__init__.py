"""Pixels in and out: axes, TIFF, pairs, labels, normalisation."""

"""Predictions held against a ground truth: cases, reading, judging, and the choice of the cut."""

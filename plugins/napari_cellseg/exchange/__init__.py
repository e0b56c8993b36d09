"""Annotation from and to files of other programs: TIFF labels, Fiji ROI sets, Cell Tracking Challenge folders.

All but `section` knows no window. What is read becomes planes of annotation values (`numbers`), what is written is read
from a `Target`.
"""

"""TIFF, BigTIFF, OME-TIFF and ImageJ hyperstacks, read and written region by region."""

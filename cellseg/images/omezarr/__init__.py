"""OME-Zarr folders, read and written chunk by chunk."""

"""Groups of images that show the same field, so that no split tears them apart."""

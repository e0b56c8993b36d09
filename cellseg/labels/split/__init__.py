"""Which images show the same field, so that no split tears them apart."""

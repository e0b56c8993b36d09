"""Generated images with known cells."""

"""PNG, JPEG, BMP and WebP."""

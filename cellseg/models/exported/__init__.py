"""Networks in files of other programs: what such a file says of itself, and how it predicts."""

"""Label formats of other programs, each read as numbered cells."""

"""Labels written as the formats of other programs."""

"""The label doctor: what label images are, what is wrong with them, and what of it can be repaired."""

"""Annotations: what their values mean, which image they belong to, and what is wrong with them."""

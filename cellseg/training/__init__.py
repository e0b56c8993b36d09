"""Losses, sampler, loop, recipes, checkpoints."""

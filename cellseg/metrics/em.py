"""Metrics of the ISBI 2012 challenge for neurites in electron microscopy."""

from cellseg.metrics.information import InformationScores, information_scores, v_info
from cellseg.metrics.pixel import pixel_error
from cellseg.metrics.rand import JoinedPairs, RandScores, joined_pairs, rand_error, rand_scores, v_rand
from cellseg.metrics.thresholds import BestThreshold, best_threshold
from cellseg.metrics.warping.error import Mismatches, warping_error, warping_mismatches

__all__ = [
    "BestThreshold",
    "InformationScores",
    "JoinedPairs",
    "Mismatches",
    "RandScores",
    "best_threshold",
    "information_scores",
    "joined_pairs",
    "pixel_error",
    "rand_error",
    "rand_scores",
    "v_info",
    "v_rand",
    "warping_error",
    "warping_mismatches",
]

"""Tagging of top-quark jets: networks, their evaluation and its systematic uncertainties."""

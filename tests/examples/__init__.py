"""Tests of the example package."""

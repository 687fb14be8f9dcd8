"""Generates the reference part of each module's README from its variables, its outputs and its example."""

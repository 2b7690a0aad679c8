"""Flipped units: building one from what there is, publishing it, its texts and reflections."""

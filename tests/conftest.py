"""What holds for every test: property tests are repeatable, and no busy machine makes them fail."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("qualoop", deadline=None, derandomize=True)
settings.load_profile("qualoop")

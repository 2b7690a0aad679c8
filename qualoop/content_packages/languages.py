"""In which language a built activity is shown to somebody."""

from __future__ import annotations

from dataclasses import dataclass

from qualoop.values import DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class InLanguages:
    """Something that is complete in ``languages``, at least one."""

    languages: tuple[str, ...]

    def shown_language(self, wanted: str) -> str:
        """Return ``wanted`` where this has it, else English, else what it has."""
        known = (language for language in (wanted, DEFAULT_LANGUAGE) if language in self.languages)
        return next(known, self.languages[0])

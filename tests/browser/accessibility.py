"""What axe-core finds wrong with a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_SERIOUS = {"serious", "critical"}


def serious_findings(page: Page, within: str | None = None) -> list[str]:
    """Return what axe finds serious or critical on a page, or ``within`` a selector: rule, and where."""
    # Colours are measured where they end, not halfway through a transition.
    page.emulate_media(reduced_motion="reduce")
    violations = Axe().run(page, context=within).response["violations"]
    return [
        f"{row['id']}: {row['help']} ({', '.join(str(node['target']) for node in row['nodes'])})"
        for row in violations
        if row["impact"] in _SERIOUS
    ]

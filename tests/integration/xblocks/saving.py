"""An author who saves the form of Studio."""

from __future__ import annotations

import json
from typing import Any

from webob import Request, Response

from tests.integration.xblocks.learners import Learner


def posted(author: Learner, body: bytes, handler: str = "submit_studio_edits") -> tuple[Response, Any]:
    """Send a body as it is; return the reply and the block as it is then."""
    block = author.block()
    return block.handle(handler, Request.blank("/", method="POST", body=body)), block


def saved(author: Learner, values: dict[str, Any]) -> tuple[Response, Any]:
    return posted(author, json.dumps({"values": values, "defaults": []}).encode())

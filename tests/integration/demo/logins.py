"""People of the demo college, and browsers in which they are logged in."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from demo.lms.settings import LmsSettings

AMARA, SIYUAN, HELEN, GRACE = "21", "22", "11", "31"


def logged_in(lms: Flask, settings: LmsSettings, user_id: str) -> FlaskClient:
    client = lms.test_client()
    # The addresses of the services are absolute.
    client.environ_base["HTTP_HOST"] = settings.base_url.removeprefix("http://")
    assert client.post("/log-in", data={"user": user_id}).status_code == 303
    return client

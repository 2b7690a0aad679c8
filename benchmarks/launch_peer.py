"""The peer: PyLTI1p3's documented Flask flow (login, launch), with its cache in memory. Nothing of ours.

With PEER_TUNED=1 it is the same flow as its best operator would run it: the platform's keys are kept (the library's
option), and the cache is large enough never to be pruned, which costs more than a launch once 500 entries are in it.
"""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, jsonify
from flask_caching import Cache
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfJsonFile

TUNED = os.environ.get("PEER_TUNED") == "1"

application = Flask("peer")
application.config.update(
    SECRET_KEY="bench", CACHE_TYPE="SimpleCache", CACHE_DEFAULT_TIMEOUT=600, SESSION_COOKIE_NAME="peer"
)
if TUNED:
    application.config["CACHE_THRESHOLD"] = 1_000_000
cache = Cache(application)
tool_conf = ToolConfJsonFile(os.environ["PEER_CONFIG"])


@application.route("/login/", methods=["GET", "POST"])
def login() -> Any:
    """Begin a launch."""
    request = FlaskRequest()
    oidc = FlaskOIDCLogin(request, tool_conf, launch_data_storage=FlaskCacheDataStorage(cache))
    return oidc.enable_check_cookies().disable_check_cookies().redirect(request.get_param("target_link_uri"))


@application.route("/launch/", methods=["POST"])
def launch() -> Any:
    """Validate a launch and answer with a small page."""
    message = FlaskMessageLaunch(FlaskRequest(), tool_conf, launch_data_storage=FlaskCacheDataStorage(cache))
    if TUNED:
        message.set_public_key_caching(FlaskCacheDataStorage(cache), cache_lifetime=7200)
    data = message.get_launch_data()
    return f"<!doctype html><title>{data.get('name', '')}</title><p>Welcome</p>"


@application.route("/health")
def health() -> Any:
    """Say that the server is there."""
    return jsonify(status="ok")

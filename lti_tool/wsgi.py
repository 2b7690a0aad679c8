"""The entry of a WSGI server: `gunicorn lti_tool.wsgi:application`."""

from __future__ import annotations

import logging

from lti_tool.app import create_app
from lti_tool.services.assembling import assemble
from lti_tool.settings import from_environment

settings = from_environment()
logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
application = create_app(assemble(settings))

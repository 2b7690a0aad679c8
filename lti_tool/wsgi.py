"""The entry of a WSGI server: `gunicorn lti_tool.wsgi:application`."""

from __future__ import annotations

import gc
import logging

from lti_tool.app import create_app
from lti_tool.services.assembling import assemble
from lti_tool.services.learner_queries import keep_data_in
from lti_tool.settings import from_environment

settings = from_environment()
logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
keep_data_in(settings.data_folder)
application = create_app(assemble(settings))
# What is loaded by now stays for good: looking through it again and again for garbage would hold up requests.
gc.collect()
gc.freeze()

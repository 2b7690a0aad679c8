"""The grade column (line item) of a resource link where the launch named none: found at the platform, else made."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Callable, Final

from sqlalchemy import text

from lti_tool.db import Database, Prepared, micros
from lti_tool.lti import ags
from lti_tool.lti.registration import Registration
from lti_tool.outgoing import HttpClient, Reply
from lti_tool.services.access_tokens import AccessTokens
from lti_tool.services.delivery_reasons import Reason
from qualoop.errors import QualoopError

"""Everything that the tool sends to other systems goes through the one HTTP client here.

Its rules hold for every call: addresses are checked at connect time, redirects are not followed, an answer has a
time and a size limit, and a bearer token goes to named origins only.
"""

from lti_tool.outgoing.addresses import AddressPolicy
from lti_tool.outgoing.client import HttpClient, Reply
from lti_tool.outgoing.errors import OutgoingError

__all__ = ["AddressPolicy", "HttpClient", "OutgoingError", "Reply"]

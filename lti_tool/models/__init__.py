"""The tables of the tool."""

from lti_tool.models.attempts import Attempt, LinkScore
from lti_tool.models.base import Base, Scoped
from lti_tool.models.content import Activity, ContentAsset, ContentVersion, FrameworkVersion, TagSet
from lti_tool.models.deliveries import (
    AccessToken,
    Delivery,
    ImportRun,
    InboxItem,
    Job,
    LineItem,
    OutboxRow,
)
from lti_tool.models.ledger import LedgerEvent, LedgerSeal, MasteryGeneration, MasteryState, MasteryUpdate
from lti_tool.models.platforms import (
    Context,
    Deployment,
    Enrolment,
    Identity,
    LaunchState,
    LtiSession,
    Organisation,
    Person,
    Registration,
    ResourceLink,
    ToolKey,
)

__all__ = [
    "AccessToken",
    "Activity",
    "Attempt",
    "Base",
    "ContentAsset",
    "ContentVersion",
    "Context",
    "Delivery",
    "Deployment",
    "Enrolment",
    "FrameworkVersion",
    "Identity",
    "ImportRun",
    "InboxItem",
    "Job",
    "LaunchState",
    "LedgerEvent",
    "LedgerSeal",
    "LineItem",
    "LinkScore",
    "LtiSession",
    "MasteryGeneration",
    "MasteryState",
    "MasteryUpdate",
    "Organisation",
    "OutboxRow",
    "Person",
    "Registration",
    "ResourceLink",
    "Scoped",
    "TagSet",
    "ToolKey",
]

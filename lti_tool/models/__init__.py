"""The tables of the tool."""

from lti_tool.models.administration import AdminChange, AdminLink, AdminSession
from lti_tool.models.attempts import Attempt, LinkScore
from lti_tool.models.base import Base, Scoped
from lti_tool.models.content import Activity, ContentAsset, ContentVersion, FrameworkVersion, TagSet
from lti_tool.models.deep_links import DeepLink
from lti_tool.models.deliveries import (
    AccessToken,
    Delivery,
    ImportRun,
    InboxItem,
    Job,
    LineItem,
    OutboxRow,
)
from lti_tool.models.learner_keys import LearnerKey
from lti_tool.models.ledger import RARE, LedgerEvent, LedgerSeal
from lti_tool.models.link_settings import LinkChange, LinkExtension
from lti_tool.models.live import LiveDraft, LiveEntry, LiveLink, LiveProjectRow
from lti_tool.models.marking import (
    MarkingSetup,
    MarkRevision,
    MarkRow,
    RubricRow,
    RubricVersion,
    SubmissionFile,
    SubmissionRow,
)
from lti_tool.models.mastery import (
    MasteryGeneration,
    MasteryItem,
    MasteryLearner,
    MasteryMeeting,
    MasteryMemory,
    MasteryPoint,
    MasteryRater,
    MasteryUpdate,
)
from lti_tool.models.mastery_columns import ColumnProbe, MasteryColumn, MasteryColumnValue, MasteryWatch
from lti_tool.models.moodle import MoodleMatch, MoodleRating, MoodleService
from lti_tool.models.notices import NoticeSeen
from lti_tool.models.peers import PeerReview, PeerSample, PeerScore, PeerSetup
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
    RegistrationInvite,
    ResourceLink,
    ToolKey,
)
from lti_tool.models.practice_rounds import PracticeRounds
from lti_tool.models.rooms import MarketRoom, RoomPart, RoomRole, RoomRound, RoomSeat, RoomTeam
from lti_tool.models.rosters import CourseGroup, CourseGroupMember, RosterRead
from lti_tool.models.sources import (
    Source,
    SourceCourse,
    SourceEvidence,
    SourceKey,
    SourceLearner,
    SourceRequest,
    SourceScore,
)

__all__ = [
    "RARE",
    "AccessToken",
    "Activity",
    "AdminChange",
    "AdminLink",
    "AdminSession",
    "Attempt",
    "Base",
    "ColumnProbe",
    "ContentAsset",
    "ContentVersion",
    "Context",
    "CourseGroup",
    "CourseGroupMember",
    "DeepLink",
    "Delivery",
    "Deployment",
    "Enrolment",
    "FrameworkVersion",
    "Identity",
    "ImportRun",
    "InboxItem",
    "Job",
    "LaunchState",
    "LearnerKey",
    "LedgerEvent",
    "LedgerSeal",
    "LineItem",
    "LinkChange",
    "LinkExtension",
    "LinkScore",
    "LiveDraft",
    "LiveEntry",
    "LiveLink",
    "LiveProjectRow",
    "LtiSession",
    "MarkRevision",
    "MarkRow",
    "MarketRoom",
    "MarkingSetup",
    "MasteryColumn",
    "MasteryColumnValue",
    "MasteryGeneration",
    "MasteryItem",
    "MasteryLearner",
    "MasteryMeeting",
    "MasteryMemory",
    "MasteryPoint",
    "MasteryRater",
    "MasteryUpdate",
    "MasteryWatch",
    "MoodleMatch",
    "MoodleRating",
    "MoodleService",
    "NoticeSeen",
    "Organisation",
    "OutboxRow",
    "PeerReview",
    "PeerSample",
    "PeerScore",
    "PeerSetup",
    "Person",
    "PracticeRounds",
    "Registration",
    "RegistrationInvite",
    "ResourceLink",
    "RoomPart",
    "RoomRole",
    "RoomRound",
    "RoomSeat",
    "RoomTeam",
    "RosterRead",
    "RubricRow",
    "RubricVersion",
    "Scoped",
    "Source",
    "SourceCourse",
    "SourceEvidence",
    "SourceKey",
    "SourceLearner",
    "SourceRequest",
    "SourceScore",
    "SubmissionFile",
    "SubmissionRow",
    "TagSet",
    "ToolKey",
]

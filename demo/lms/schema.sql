-- The whole state of the demo LMS. Texts in two languages are JSON objects; numbers of grades are decimal strings;
-- times are UTC in ISO 8601 with microseconds, so that their order as text is their order in time.

CREATE TABLE IF NOT EXISTS setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS user (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('teacher', 'student', 'mentor')),
    given TEXT NOT NULL,
    family TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS course (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    title TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS membership (
    course_id TEXT NOT NULL REFERENCES course,
    user_id TEXT NOT NULL REFERENCES user,
    PRIMARY KEY (course_id, user_id)
) STRICT;

-- An activity that left the course keeps its row, so that its grades come back with it.
CREATE TABLE IF NOT EXISTS activity (
    id INTEGER PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES course,
    key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    graded INTEGER NOT NULL CHECK (graded IN (0, 1)),
    position INTEGER NOT NULL,
    shown INTEGER NOT NULL CHECK (shown IN (0, 1))
) STRICT;

-- activity_id is set for the column that belongs to an activity, and empty for one that the tool made.
CREATE TABLE IF NOT EXISTS line_item (
    id INTEGER PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES course,
    activity_id INTEGER UNIQUE REFERENCES activity,
    resource_link_id TEXT,
    label TEXT NOT NULL,
    score_maximum TEXT NOT NULL,
    resource_id TEXT,
    tag TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS score (
    line_item_id INTEGER NOT NULL REFERENCES line_item ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user,
    given TEXT NOT NULL,
    maximum TEXT NOT NULL,
    comment TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (line_item_id, user_id)
) STRICT;

CREATE TABLE IF NOT EXISTS launch_hint (
    hint TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user,
    activity_id INTEGER NOT NULL REFERENCES activity,
    document_target TEXT NOT NULL CHECK (document_target IN ('iframe', 'window')),
    expires_at TEXT NOT NULL
) STRICT;

-- Of a launch to review what somebody handed in: whose work it is.
CREATE TABLE IF NOT EXISTS review_hint (
    hint TEXT PRIMARY KEY REFERENCES launch_hint ON DELETE CASCADE,
    for_user TEXT NOT NULL REFERENCES user
) STRICT;

CREATE TABLE IF NOT EXISTS used_assertion (
    jti TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
) STRICT;

-- Only the SHA-256 of a token is kept.
CREATE TABLE IF NOT EXISTS access_token (
    digest TEXT PRIMARY KEY,
    scopes TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

-- A teacher chooses activities in the tool: the request goes out once, and its answer comes in once.
CREATE TABLE IF NOT EXISTS content_request (
    hint TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user,
    data TEXT NOT NULL UNIQUE,
    sent INTEGER NOT NULL CHECK (sent IN (0, 1)),
    expires_at TEXT NOT NULL
) STRICT;

-- What the tool said of an activity that a teacher chose in it; custom is a JSON object of texts.
CREATE TABLE IF NOT EXISTS chosen_link (
    activity_id INTEGER PRIMARY KEY REFERENCES activity,
    url TEXT,
    custom TEXT NOT NULL
) STRICT;

-- A tool registers itself with a token that serves once; only the SHA-256 of it is kept.
CREATE TABLE IF NOT EXISTS registration_token (
    digest TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS registered_tool (
    id INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;

"""What can go wrong with SQL tasks for reasons that are not the learner's."""

from __future__ import annotations

from typing import Final

from qualoop.simulators.errors import EngineUnavailableError, SimulatorError
from qualoop.simulators.sql.texts import FOR_TEACHERS
from qualoop.values import Text

INSTALL: Final = (
    "SQL tasks need a safe place to run, and this machine offers none: install bubblewrap (apt install bubblewrap, dnf "
    "install bubblewrap) and allow unprivileged user namespaces, or run Linux 5.13 or newer with Landlock and seccomp "
    "switched on. Until then SQL tasks stay closed; everything else works."
)


class SqlSandboxError(EngineUnavailableError):
    """The place where queries run broke down; nothing was graded, and the answer may be sent again."""

    code = "sql-sandbox"

    @property
    def notice(self) -> Text:
        """Return what pages say."""
        return FOR_TEACHERS[self.code]


class SandboxUnavailableError(SqlSandboxError):
    """No way to run untrusted SQL safely is available, so none is run."""

    code = "sql-sandbox-unavailable"

    def __init__(self, found: str) -> None:
        super().__init__(f"{INSTALL} (found: {found})")
        self.found = found


class SandboxBusyError(SqlSandboxError):
    """More queries wait than can be answered soon; send the answer again in a minute."""

    code = "sql-sandbox-busy"


class DatasetError(SimulatorError):
    """A data set of the SQL tasks is missing, not the one that was meant, or cannot be prepared."""

    code = "sql-dataset"

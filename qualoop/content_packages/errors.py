"""What can go wrong with content packages beyond their files' problems."""

from __future__ import annotations

from qualoop.errors import QualoopError


class ContentPackageError(QualoopError):
    """A content package cannot be made or used."""

    code = "content-package"


class PackageExistsError(ContentPackageError):
    """A package would be written over something that is there."""

    code = "package-exists"


class PackageMissingError(ContentPackageError):
    """A folder holds no package of the wanted kind."""

    code = "package-missing"


class NotComputedError(ContentPackageError):
    """A live project was given where a computed world is needed."""

    code = "package-not-computed"

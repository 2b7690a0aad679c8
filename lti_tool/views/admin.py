"""The administration pages below /admin/: one blueprint for each, all behind views.admin_guards."""

from __future__ import annotations

from flask import Blueprint

from lti_tool.views import (
    admin_access,
    admin_check,
    admin_content,
    admin_deliveries,
    admin_jobs,
    admin_keys,
    admin_overview,
    admin_platforms,
    admin_sources,
    programme,
    teacher_record_admin,
)

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
for part in (
    admin_overview,
    admin_access,
    admin_platforms,
    admin_sources,
    admin_check,
    admin_deliveries,
    admin_content,
    admin_jobs,
    admin_keys,
):
    blueprint.register_blueprint(part.blueprint)
blueprint.register_blueprint(programme.administration)
blueprint.register_blueprint(teacher_record_admin.blueprint)

"""Platforms: their registrations and deployments, the links with which they register themselves, the steps by hand."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.lti.platform_profiles import PROFILES, Product, profile_of
from lti_tool.services.administration import platforms
from lti_tool.services.administration.administration import AdminMissingError
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms import steps as platform_steps
from lti_tool.services.platforms.registrations import PENDING
from lti_tool.views.admin_guards import NUMBER, Admin, administers
from lti_tool.views.guards import runtime
from lti_tool.views.wording import Wording
from qualoop.values import ValueRefusedError

blueprint = Blueprint("platforms", __name__, url_prefix="/platforms")

PRODUCTS = {product.value: profile.name for product, profile in PROFILES.items()}
_DECISIONS = {"approve": platforms.approve, "refuse": platforms.refuse}
_DEPLOYMENTS = {
    "approve": platforms.approve_deployment,
    "refuse": platforms.refuse_deployment,
}


@blueprint.get("/")
@administers(Permission.MANAGE_PLATFORMS)
def show_all(admin: Admin) -> str:
    """Show the platforms of the organisation."""
    with runtime().database.reading() as session:
        lines = platforms.list_platforms(session, admin.scope)
    return render_template(
        "admin_platforms.html",
        admin=admin,
        here="platforms",
        lines=lines,
        products=PRODUCTS,
        done=request.args.get("done", ""),
        words=Wording(language=admin.language),
    )


@blueprint.get(f"/<{NUMBER}:platform>")
@administers(Permission.MANAGE_PLATFORMS)
def show(admin: Admin, platform: int) -> str:
    """Show one platform with its deployments."""
    return _page(admin, platform)


@blueprint.post(f"/<{NUMBER}:platform>")
@administers(Permission.MANAGE_PLATFORMS)
def change(admin: Admin, platform: int) -> Response | tuple[str, int]:
    """Change name and product."""
    parts = runtime()
    name, product = request.form.get("name", ""), request.form.get("product", "")
    try:
        with parts.database.transaction() as session:
            row = platforms.get_platform(session, admin.scope, platform)
            platforms.change(admin.desk(session), row, name=name, product=product)
    except ValueRefusedError:
        return _page(admin, platform, problem=True), 422
    parts.registrations.forget()
    return redirect(url_for("admin.platforms.show", platform=platform, done="changed"), 303)


@blueprint.post(f"/<{NUMBER}:platform>/decide")
@administers(Permission.MANAGE_PLATFORMS)
def decide(admin: Admin, platform: int) -> Response:
    """Approve or refuse a platform that waits."""
    action = request.form.get("action", "")
    if action not in _DECISIONS:
        raise AdminMissingError
    parts = runtime()
    with parts.database.transaction() as session:
        row = platforms.get_platform(session, admin.scope, platform)
        _DECISIONS[action](admin.desk(session), row)
    parts.registrations.forget()
    if action == "refuse":
        return redirect(url_for("admin.platforms.show_all", done="refused"), 303)
    return redirect(url_for("admin.platforms.show", platform=platform, done="approved"), 303)


@blueprint.post(f"/<{NUMBER}:platform>/deployments")
@administers(Permission.MANAGE_PLATFORMS)
def decide_deployment(admin: Admin, platform: int) -> Response | tuple[str, int]:
    """Approve or refuse a deployment."""
    action, deployment_id = request.form.get("action", ""), request.form.get("deployment", "")
    if action not in _DEPLOYMENTS:
        raise AdminMissingError
    parts = runtime()
    try:
        with parts.database.transaction() as session:
            row = platforms.get_platform(session, admin.scope, platform)
            _DEPLOYMENTS[action](admin.desk(session), row, deployment_id)
    except ValueRefusedError:
        return _page(admin, platform, problem=True), 422
    parts.registrations.forget()
    return redirect(url_for("admin.platforms.show", platform=platform, done=f"deployment-{action}"), 303)


@blueprint.get("/invites")
@administers(Permission.MANAGE_PLATFORMS)
def invites(admin: Admin) -> str:
    """Show the links with which platforms register themselves, and the form that makes one."""
    return _invites(admin)


@blueprint.post("/invites")
@administers(Permission.MANAGE_PLATFORMS)
def invite(admin: Admin) -> str | tuple[str, int]:
    """Make a link and show it: this once, so that it is neither in an address nor in the database."""
    parts, form = runtime(), request.form
    try:
        terms = platforms.invite_terms(
            made_by=admin.name,
            days=form.get("days", 0, type=int),
            issuer=form.get("issuer", "").strip() or None,
            hosts=form.get("hosts", "")[:4000].split(),
            allow_loopback=parts.settings.allow_loopback,
        )
    except ValueRefusedError as error:
        return _invites(admin, problem=str(error)), 422
    with parts.database.transaction() as session:
        token = platforms.invite(admin.desk(session), terms)
    return _invites(admin, made=f"{parts.settings.base_url}/lti/register/{token}")


@blueprint.post(f"/invites/<{NUMBER}:invite_id>/withdraw")
@administers(Permission.MANAGE_PLATFORMS)
def withdraw(admin: Admin, invite_id: int) -> Response:
    """Delete a link that was not used."""
    with runtime().database.transaction() as session:
        platforms.withdraw_invite(admin.desk(session), invite_id)
    return redirect(url_for("admin.platforms.invites", done="withdrawn"), 303)


@blueprint.get("/steps")
@administers(Permission.MANAGE_PLATFORMS)
def steps(admin: Admin) -> str:
    """Show what the administrator of a platform does, with the addresses of this installation."""
    asked = request.args.get("product", "")
    offered = [each.value for each in platform_steps.PRODUCTS]
    product = Product(asked if asked in offered else offered[0])
    return render_template(
        "admin_steps.html",
        admin=admin,
        here="platforms",
        product=product,
        offered={each: PRODUCTS[each] for each in offered},
        steps=platform_steps.steps(product, runtime().settings.base_url, language=admin.language),
    )


def _page(admin: Admin, platform: int, *, problem: bool = False) -> str:
    """Return the page of one platform; raise AdminMissingError."""
    parts = runtime()
    with parts.database.reading() as session:
        row = platforms.get_platform(session, admin.scope, platform)
        deployments = platforms.deployments(session, admin.scope, row.id)
    return render_template(
        "admin_platform.html",
        admin=admin,
        here="platforms",
        platform=row,
        is_pending=row.state == PENDING,
        product=profile_of(row.product).name if row.product else None,
        products=PRODUCTS,
        deployments=deployments,
        afterwards=platform_steps.afterwards(row.product, parts.settings.base_url, language=admin.language),
        done=request.args.get("done", ""),
        problem=problem,
        words=Wording(language=admin.language),
    )


def _invites(admin: Admin, *, made: str | None = None, problem: str | None = None) -> str:
    """Return the page of the links."""
    parts = runtime()
    with parts.database.reading() as session:
        lines = platforms.list_invites(session, admin.scope, parts.clock())
    return render_template(
        "admin_invites.html",
        admin=admin,
        here="platforms",
        lines=lines,
        made=made,
        problem=problem,
        form=request.form,
        days=platforms.DAYS,
        default_days=7,
        done=request.args.get("done", ""),
        words=Wording(language=admin.language),
    )

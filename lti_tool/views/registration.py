"""The pages on which a platform's administrator registers this tool (LTI Dynamic Registration 1.0; S14).

A platform opens our link in a frame. The first page shows what will be registered and changes nothing; its form does
it. The link itself is the permission: it is secret, good once, and all that comes of it waits for approval.
"""

from __future__ import annotations

import shlex
from functools import partial

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.ags import SCOPE_SCORE
from lti_tool.lti.dynamic_registration import DEEP_LINKING, Opening, read_opening
from lti_tool.lti.nrps import SCOPE_MEMBERS_READ
from lti_tool.lti.platform_profiles import profile_of
from lti_tool.lti.registration import find_origin
from lti_tool.models import Organisation, RegistrationInvite
from lti_tool.services.platforms import dynamic_registration, invites, steps
from lti_tool.services.platforms.registrations import ACTIVE
from lti_tool.views.guards import check_form, form_token, public, runtime

blueprint = Blueprint("registration", __name__)


@blueprint.get("/lti/register/<invite>")
@public("the link is a secret of its own, and nothing is changed here")
def ask(invite: str) -> str:
    """Show the platform's administrator what will be registered, with the button that does it."""
    found, opening = _opened(invite)
    invites.check(found, runtime().clock())
    platform = dynamic_registration.read_platform(runtime(), found, opening)
    with runtime().database.reading() as session:
        organisation = session.get_one(Organisation, found.organisation_id).name
    return render_template(
        "registering.html",
        session=None,
        platform=platform,
        product=profile_of(platform.product).name,
        organisation=organisation,
        base_url=runtime().settings.base_url,
        grades=SCOPE_SCORE in platform.scopes,
        members=SCOPE_MEMBERS_READ in platform.scopes,
        choosing=DEEP_LINKING in platform.messages,
        opening=opening,
        csrf=_form_token(invite, opening),
    )


@blueprint.post("/lti/register/<invite>")
@public("the link is a secret of its own; the form is bound to it")
def register(invite: str) -> AnyResponse:
    """Register, and go on to what came of it."""
    found, opening = _opened(invite)
    check_form(_form_token(invite, opening))
    dynamic_registration.register(runtime(), found, opening)
    return redirect(url_for("registration.done", invite=invite), 303)


@blueprint.get("/lti/register/<invite>/done")
@public("the link is a secret of its own; it shows what came of it")
def done(invite: str) -> str:
    """Show what was registered, what is still to be done, and the button that tells the platform that we are done."""
    with runtime().database.reading() as session:
        result = dynamic_registration.find_result(session, invites.get(session, invite))
    if result is None:
        return render_template("registered.html", session=None, result=None)
    g.framed_by = find_origin(result.issuer)
    words = ["qualoop", "platform", "approve", "--issuer", result.issuer, "--client-id", result.client_id]
    return render_template(
        "registered.html",
        session=None,
        result=result,
        active=result.state == ACTIVE,
        product=profile_of(result.product).name,
        # Quoted: the client id is the platform's, and somebody copies this into a shell.
        command=shlex.join(words),
        steps=partial(steps.afterwards, result.product, runtime().settings.base_url),
        origin=g.framed_by,
    )


def _opened(token: str) -> tuple[RegistrationInvite, Opening]:
    """Return a known invitation and what the platform opened it with; raise InviteUnknownError, and what is amiss.

    From here on the page may be framed by the one who opened it, so that a refusal is seen, too: by the issuer that
    the invitation names, else by the origin of the configuration, which `read_configuration` holds the issuer to.
    """
    with runtime().database.reading() as session:
        invite = invites.get(session, token)
    opening = read_opening(request.values, allow_loopback=runtime().settings.allow_loopback)
    g.framed_by = find_origin(invite.issuer) if invite.issuer else opening.origin
    return invite, opening


def _form_token(token: str, opening: Opening) -> str:
    """Return what binds the form to the link and to what its page was opened with (S30)."""
    return form_token(runtime().settings.secret_key, "register", token, opening.configuration_url, opening.token or "")

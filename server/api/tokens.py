"""Tokens over HTTP: who shows one, making them, and taking them back."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from server.access import Access, Grant, Identity
from server.api.answers import answer
from server.api.caller import Calling
from server.api.errors import Refusal
from server.api.models import tokens as models
from server.api.routing import CONFLICT, Running, router
from server.auth.errors import Unauthorized
from server.auth.tokens import Tokens, access_of, level
from server.service import Service
from stores.errors import Conflict

routes = router("Tokens")


@routes.get("/identity", response_model=models.Identity)
async def read_identity(service: Running, caller: Calling) -> Response:
    """Say who shows the token, and what it lets them do."""
    identity = caller.identity
    grants = [
        {"workspace": grant.workspace, "access": level(grant.access)} | ({"note": grant.note} if grant.note else {})
        for grant in identity.grants
    ]
    shown: dict[str, object] = {
        "subject": identity.subject,
        "name": identity.name,
        "grants": grants,
        "tokens": service.auth.required,
    }
    if identity.expires_at is not None:
        shown["expiresAt"] = datetime.fromtimestamp(identity.expires_at, UTC)
    return answer({key: value for key, value in shown.items() if value is not None})


@routes.post("/tokens", status_code=201, response_model=models.Token, responses=CONFLICT)
async def create_token(body: models.NewToken, service: Running, caller: Calling) -> Response:
    """Make a token for a workspace or a note; needs admin access to that workspace."""
    caller.require(Access.ADMIN, body.workspace_id)
    now = service.clock()
    end = None if body.expires_in_seconds is None else now + timedelta(seconds=body.expires_in_seconds)
    grant = Grant(body.workspace_id, access_of(body.access), body.note_id)
    tokens = _tokens(service)
    if not tokens.makes:
        raise Conflict("This server takes the tokens of an identity provider alone: make them there.")
    issued = tokens.make([grant], now.timestamp(), None if end is None else end.timestamp(), name=body.name)
    return answer({"token": issued.token, "id": issued.id} | ({} if end is None else {"expiresAt": end}), 201)


def _tokens(service: Service) -> Tokens:
    if service.auth.tokens is None:
        raise Conflict("This server asks for no tokens, so there are none to make or to take back.")
    return service.auth.tokens


@routes.post("/tokens/revoke", response_model=models.Revoked, responses=CONFLICT)
async def revoke_token(body: models.Revocation, service: Running, caller: Calling) -> Response:
    """Take a token back, or make it read-only: who is connected with it is closed or demoted within seconds."""
    if body.token is None:
        caller.require_everywhere(Access.ADMIN)
        token_id, expires_at = body.id or "", None
    else:
        holder = await _holder(body.token, service)
        token_id, expires_at = holder.token_id or "", holder.expires_at
    await service.auth.revocations.revoke(token_id, body.access, expires_at)
    return answer({"revoked": True, "id": token_id})


async def _holder(token: str, service: Service) -> Identity:
    """Read a token that somebody shows; one that was made up must not take back the token whose id it names."""
    try:
        return await _tokens(service).read(token)
    except Unauthorized as error:
        raise Refusal(400, f'The field "token" is not valid: {error}', field="token") from None

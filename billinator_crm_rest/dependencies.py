"""What every call needs: the key's user, a page, an order."""

import hashlib
import json
from contextlib import suppress
from functools import wraps
from inspect import iscoroutinefunction
from typing import Annotated

from fastapi import Depends, Header, HTTPException
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import WithJsonSchema
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from odoo.api import Environment

from odoo.addons.fastapi.context import odoo_env_ctx

API_GROUP = "billinator_crm_rest.group_api_user"


class IdConvertor(Convertor[int]):
    """An id in a path; no record has one of more digits."""

    regex = "[0-9]{1,18}"

    def convert(self, value):
        return int(value)

    def to_string(self, value):
        return str(value)


register_url_convertor("id", IdConvertor())

Credentials = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="An Odoo API key")),
]
CompanyHeader = Annotated[
    int | None,
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,8}$"}),
    Header(
        alias="X-Company-Id",
        description="One of the user's companies; without it, all of them.",
    ),
]


async def get_user_env(
    request: Request, credentials: Credentials, company_id: CompanyHeader = None
) -> Environment:
    """Return the environment of the key's user: his or her rights and companies."""
    env = odoo_env_ctx.get()
    key = credentials and credentials.credentials
    uid = key and env["res.users.apikeys"]._check_credentials(scope="rpc", key=key)
    if not uid:
        raise HTTPException(
            401,
            env._("Send a valid API key as bearer token."),
            {"WWW-Authenticate": "Bearer"},
        )
    user = env(user=uid)["res.users"].browse(uid)
    # Customers have their account on the web site, which shows them their own alone.
    if not (user._is_internal() and user.has_group(API_GROUP)):
        raise HTTPException(403, user.env._("Your user may not use the API."))
    company_ids = [*user._get_api_company_ids()]
    if company_id is not None:
        if company_id not in company_ids:
            message = user.env._("Your user does not belong to this company.")
            raise HTTPException(403, message)
        company_ids = [company_id]
    context = {**user.context_get(), "allowed_company_ids": company_ids}
    wished = request.headers.get("Accept-Language")
    if lang := env["res.lang"].sudo()._get_lang_from_accept_language(wished):
        context["lang"] = lang
    user_env = env(user=uid, context=context)
    # What a savepoint flushes is computed and checked as this user, too, and not as the
    # public one whom the call began with.
    user_env.transaction.default_env = user_env
    request.state.env = user_env
    return user_env


UserEnv = Annotated[Environment, Depends(get_user_env)]


class ReplayedError(Exception):
    """The call was answered before; ``response`` is the answer."""

    def __init__(self, response):
        super().__init__()
        self.response = response


async def get_request_hash(request):
    """Return what tells one call from another: method, path, company and body."""
    company = request.headers.get("X-Company-Id", "")
    call = f"{request.method} {request.url.path} {company}\n"
    body = await request.body()
    # The same JSON may be written otherwise. What is none is refused, or not read.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return hashlib.sha256(call.encode() + body).hexdigest()


async def remember_call(
    request: Request,
    env: UserEnv,
    key: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "maxLength": 255}),
        Header(
            alias="Idempotency-Key",
            max_length=255,
            description="Makes the call safe to repeat for a day: it is answered as"
            " the first time.",
        ),
    ] = None,
) -> None:
    """Answer a call that was made before as it was answered then."""
    if not key:
        return
    # Users have no access to the keys; each call claims one of its own user's.
    Key = env["billinator.idempotency.key"].sudo()
    request_hash = await get_request_hash(request)
    known_sudo, is_first = Key._claim(key, request_hash)
    if is_first:
        request.state.idempotency_id = known_sudo.id
        return
    if known_sudo.request_hash != request_hash:
        message = env._("This idempotency key was used for another call.")
        raise HTTPException(409, message)
    raise ReplayedError(
        Response(known_sudo.body, known_sudo.status_code, media_type="application/json")
    )


def creating(schema):
    """Return the options of a route that creates a record, or changes one it finds.

    :param schema: of what it answers
    """
    return {
        "status_code": 201,
        "response_model": schema,
        "responses": {
            200: {"model": schema, "description": "It was known, and is changed"}
        },
        "dependencies": [Depends(remember_call)],
    }


def answer_created(response, created):
    """Answer 201 with a new record, and 200 with one that an upsert found.

    :param created: the record's dict, and whether it is new
    """
    item, is_new = created
    if not is_new:
        response.status_code = 200
    return item


def _without_thread(endpoint):
    """Return the endpoint as a coroutine function, which FastAPI calls where it is.

    Threads are for event loops of many calls; each of ours has a loop of its own, and
    would only wait for the thread to begin and to end.
    """
    if iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def call(*args, **kwargs):
        return endpoint(*args, **kwargs)

    return call


class ApiRoute(APIRoute):
    """A route that ends its work in the database before it answers."""

    def __init__(self, path, endpoint, **options):
        super().__init__(path, _without_thread(endpoint), **options)

    def get_route_handler(self):
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except ReplayedError as replayed:
                return replayed.response
            env = getattr(request.state, "env", None)
            if env:
                env.flush_all()
            if call_id := getattr(request.state, "idempotency_id", None):
                # The call's own, which it claimed.
                call_sudo = env["billinator.idempotency.key"].sudo().browse(call_id)
                call_sudo._keep_answer(response.status_code, response.body.decode())
                env.flush_all()
            return response

        return answer

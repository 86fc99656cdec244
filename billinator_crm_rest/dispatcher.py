"""How a call reaches the app, and how an exception becomes an answer."""

from contextlib import suppress
from io import BytesIO
from urllib.parse import quote

from a2wsgi.asgi import ASGIResponder
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from psycopg2 import IntegrityError
from psycopg2.errors import ExclusionViolation, UniqueViolation
from starlette.exceptions import HTTPException
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from odoo.exceptions import (
    AccessDenied,
    AccessError,
    LockError,
    MissingError,
    UserError,
    ValidationError,
)
from odoo.http import request

from odoo.addons.billinator_crm.exceptions import StateError
from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher
from odoo.addons.fastapi.pools import event_loop_pool, fastapi_app_pool

from .failures import raising_failures

ASCII = bytes(range(128))
STATUS_CODES = (
    (AccessDenied, 403),
    (AccessError, 403),
    (MissingError, 404),
    (LockError, 409),
    (StateError, 409),
    (ValidationError, 422),
    # A plain UserError comes from an action that the record's state forbids.
    (UserError, 409),
)


def describe(exc):
    """Return the status and the detail that tell of an exception."""
    if isinstance(exc, HTTPException):
        return exc.status_code, exc.detail
    if isinstance(exc, ApiError):
        return exc.code, exc.detail
    if isinstance(exc, WerkzeugHTTPException):
        return exc.code, exc.description
    if isinstance(exc, RequestValidationError):
        return _describe_invalid(exc)
    if isinstance(exc.__cause__, IntegrityError):
        # Odoo's message for the constraint that the call would have broken.
        return get_constraint_status(exc.__cause__), str(exc.args[0])
    for kind, status in STATUS_CODES:
        if isinstance(exc, kind):
            return status, str(exc.args[0])
    return 500, "Internal Server Error"


def get_constraint_status(error):
    """Return the status for a constraint of the database that a call would break.

    What is taken by another record is a state that forbids the call; other values are
    wrong whatever else there is.

    :param error: psycopg2's ``IntegrityError``
    """
    return 409 if isinstance(error, (UniqueViolation, ExclusionViolation)) else 422


def _describe_invalid(exc):
    errors = [
        {name: error[name] for name in ("loc", "msg", "type")}
        for error in jsonable_encoder(exc.errors(), custom_encoder={bytes: repr})
    ]
    if any(error["type"] == "json_invalid" for error in errors):
        return 400, request.env._("The body is not JSON.")
    if any(error["loc"][0] == "path" for error in errors):
        return 404, request.env._("There is no record with such an id.")
    return 422, errors


def encode_query(query):
    """Percent-encode what a client sent of a query as it is: ASGI takes ASCII alone.

    :param str query: WSGI's
    """
    sent = query.encode("latin-1")
    # Werkzeug takes each byte for a letter, and encodes that; other servers do not.
    with suppress(UnicodeError):
        once = sent.decode().encode("latin-1")
        once.decode()
        sent = once
    return quote(sent, safe=ASCII)


class ApiError(WerkzeugHTTPException):
    """An answer that is no success; raised, so that nothing of the call stays."""

    def __init__(self, status, detail, headers=None):
        super().__init__(detail)
        self.code = status
        self.detail = detail
        self.headers = headers


class BillinatorApiDispatcher(FastApiDispatcher):
    routing_type = "billinator_api"

    def dispatch(self, endpoint, args):
        try:
            return self._answer()
        except (HTTPException, RequestValidationError, UserError) as exc:
            # Odoo would log the client's mistakes as if they were the server's.
            headers = getattr(exc, "headers", None)
            raise ApiError(*describe(exc), headers) from exc

    def _answer(self):
        """Do as the parent's ``dispatch``, with one app for the paths of all records.

        The parent keeps an app for each path that was ever asked for. And it lets go of
        the event loop before the call has begun: of two calls in one loop, each in its
        thread, the one that waits for a row of the other would never let that end.
        """
        self.request.params = {}
        environ = self._get_environ()
        query = encode_query(environ.get("QUERY_STRING", ""))
        endpoint_sudo = self.request.env["fastapi.endpoint"].sudo()
        root_path = endpoint_sudo._get_root_path_of(environ["PATH_INFO"])
        if not root_path:
            # Its route stays until somebody synchronizes the archived endpoint.
            raise HTTPException(404)
        body = BytesIO()
        with (
            fastapi_app_pool.get_app(env=self.request.env, root_path=root_path) as app,
            event_loop_pool.get_event_loop() as loop,
            self._manage_odoo_env(endpoint_sudo.get_uid(root_path)),
            raising_failures(),
        ):
            respond = ASGIResponder(app.app, loop)
            # A body is JSON, whatever its header says or leaves out.
            call = {
                **environ,
                "QUERY_STRING": query,
                "CONTENT_TYPE": "application/json",
            }
            for part in respond(call, self._make_response):
                body.write(part)
        return self.request.make_response(
            body.getvalue(), headers=self.headers, status=self.status
        )

    def handle_error(self, exc):
        status, detail = describe(exc)
        return self.request.make_json_response(
            {"detail": detail}, status=status, headers=getattr(exc, "headers", None)
        )

"""How an exception becomes an answer: the one place that maps errors."""

from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from psycopg2 import IntegrityError
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

from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher

STATUS_CODES = (
    (AccessDenied, 403),
    (AccessError, 403),
    (MissingError, 404),
    (LockError, 409),
    (ValidationError, 422),
    # A plain UserError comes from an action that the record's state forbids.
    (UserError, 409),
    (IntegrityError, 409),
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
    for kind, status in STATUS_CODES:
        if isinstance(exc, kind):
            return status, str(exc.args[0])
    return 500, "Internal Server Error"


def _describe_invalid(exc):
    errors = [
        {name: error[name] for name in ("loc", "msg", "type")}
        for error in jsonable_encoder(exc.errors(), custom_encoder={bytes: repr})
    ]
    if any(error["type"] == "json_invalid" for error in errors):
        return 400, "The body is not JSON."
    return 422, errors


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
            return super().dispatch(endpoint, args)
        except (HTTPException, RequestValidationError, UserError) as exc:
            # Odoo would log the client's mistakes as if they were the server's.
            headers = getattr(exc, "headers", None)
            raise ApiError(*describe(exc), headers) from exc

    def handle_error(self, exc):
        status, detail = describe(exc)
        return self.request.make_json_response(
            {"detail": detail}, status=status, headers=getattr(exc, "headers", None)
        )

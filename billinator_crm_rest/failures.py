"""Where an exception of the app waits until the dispatcher raises it.

On its way through a2wsgi an exception can get lost: who waits for the answer may see
that the app has ended before being told of the exception.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from starlette.exceptions import HTTPException
from starlette.responses import Response

_failures = ContextVar("billinator_failures")


@contextmanager
def raising_failures():
    """Raise what the app raised, once it has ended."""
    failures = []
    token = _failures.set(failures)
    try:
        yield
    finally:
        _failures.reset(token)
    if failures:
        raise failures[0]


class FailureMiddleware:
    """Keeps the exception for the dispatcher, and ends the call in good order.

    :param routes: all routes of the app, in their order
    """

    def __init__(self, app, routes):
        self.app = app
        self.routes = routes

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Exception as exc:
            if isinstance(exc, HTTPException) and exc.status_code == 405:
                self._name_methods(exc, scope["path"].removeprefix(scope["root_path"]))
            _failures.get().append(exc)
            await Response(status_code=500)(scope, receive, send)

    def _name_methods(self, exc, path):
        """Tell all methods of a path; Starlette tells only the first route's."""
        matching = [route for route in self.routes if route.path_regex.match(path)]
        if matching:
            found = min(matching, key=lambda route: len(route.param_convertors))
            same = (route.methods for route in self.routes if route.path == found.path)
            exc.headers = {"Allow": ", ".join(sorted(set().union(*same)))}

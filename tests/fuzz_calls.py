"""Calls as users make them, and the answers as the tests judge them."""

import json
import re
import time
import xmlrpc.client
from dataclasses import dataclass, field

import httpx
from clients import REFUSALS

SECONDS = 60
REFUSED = {400, 401, 403, 404, 409, 413, 415, 422}
# Fault codes of XML-RPC that stand for errors of users
REFUSED_FAULTS = {2, 3, 4}
USER_ERRORS = (*REFUSALS, "werkzeug.exceptions.", "odoo.http.SessionExpired")


@dataclass
class Case:
    """A call, and what is wrong about it."""

    role: str
    model: str
    method: str
    ids: object = None
    arguments: dict = field(default_factory=dict)
    context: object = None
    transport: str = "json2"
    wrong: str = "nothing"

    def __str__(self):
        text = (
            f"{self.role} {self.transport} {self.model}.{self.method}(ids={self.ids},"
            f" context={self.context}, {self.arguments}), wrong: {self.wrong}"
        )
        return text if len(text) < 600 else f"{text[:600]}…"


@dataclass
class Answer:
    """What came back: a ``result``, ``refused``, or ``failed`` with its traceback."""

    kind: str
    text: str
    result: object = None
    traceback: str = ""
    seconds: float = 0.0

    @property
    def exception(self):
        """The last line of the traceback, with what differs from run to run."""
        lines = self.traceback.strip().splitlines()
        starts = [one for one in lines if re.match(r"[A-Za-z_][\w.]*(:|$)", one)]
        return (starts or lines or [""])[-1][:200]


class Caller:
    """A user who calls."""

    def __init__(self, server, uid, key):
        self._identity = (server.database, uid, key)
        self._http = httpx.Client(
            base_url=server.url,
            timeout=SECONDS,
            headers={
                "Authorization": f"Bearer {key}",
                "X-Odoo-Database": server.database,
            },
        )

    def call(self, case):
        """Make a case's call and return the answer."""
        start = time.monotonic()
        try:
            answer = getattr(self, f"_call_{case.transport}")(case)
        except httpx.TimeoutException:
            answer = Answer("failed", "")
        answer.seconds = time.monotonic() - start
        return answer

    def _call_json2(self, case):
        body = dict(case.arguments)
        if case.ids is not None:
            body["ids"] = case.ids
        if case.context is not None:
            body["context"] = case.context
        got = self._post(f"/json/2/{case.model}/{case.method}", body)
        if got.status_code == 200:
            return Answer("result", got.text, got.json())
        if got.status_code in REFUSED:
            return Answer("refused", got.text)
        error = got.json()
        kind = "refused" if error["name"].startswith(USER_ERRORS) else "failed"
        return Answer(kind, got.text, traceback=error["debug"])

    def _call_jsonrpc(self, case):
        params = {
            "service": "object",
            "method": "execute_kw",
            "args": [*self._identity, *self._as_positional(case)],
        }
        got = self._post("/jsonrpc", {"jsonrpc": "2.0", "params": params})
        content = got.raise_for_status().json()
        if "error" not in content:
            return Answer("result", got.text, content.get("result"))
        data = content["error"]["data"]
        kind = "refused" if data["name"].startswith(USER_ERRORS) else "failed"
        return Answer(kind, got.text, traceback=data["debug"])

    def _call_xmlrpc(self, case):
        call = (*self._identity, *self._as_positional(case))
        try:
            body = xmlrpc.client.dumps(call, "execute_kw", allow_none=True)
            body.encode()
        except (OverflowError, TypeError, ValueError):
            return self._call_json2(case)
        got = self._http.post(
            "/xmlrpc/2/object", content=body, headers={"Content-Type": "text/xml"}
        )
        try:
            ((result,), _method) = xmlrpc.client.loads(got.text, use_builtin_types=True)
        except xmlrpc.client.Fault as fault:
            is_refused = fault.faultCode in REFUSED_FAULTS
            return Answer(
                "refused" if is_refused else "failed", got.text, None, fault.faultString
            )
        return Answer("result", got.text, result)

    @staticmethod
    def _as_positional(case):
        options = dict(case.arguments)
        if case.context is not None:
            options["context"] = case.context
        return case.model, case.method, [] if case.ids is None else [case.ids], options

    def _post(self, path, body):
        return self._http.post(
            path,
            content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )

"""Loads pages of the web client in Chromium, as a person has them before the eyes."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import websocket

PROGRAMS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
    "--window-size=1600,1000",
)
TIMEOUT = 60
QUIET = 1.0
# Resolves once all is there and the page has nothing left to do.
WATCH = """
window.interactive = new Promise((resolve) => {
    const isComplete = () => %s.every((one) => document.querySelector(one));
    const observer = new MutationObserver(() => {
        if (isComplete()) {
            observer.disconnect();
            requestIdleCallback(() => resolve(performance.now()));
        }
    });
    observer.observe(document, { childList: true, subtree: true, attributes: true });
});
"""
CALLS = "/web/dataset/call_kw/"
# A drag begins after some pixels, and a place notices what comes in steps.
STEPS = 10
MIDDLE = """
(() => {
    const box = document.querySelector(%s).getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
})()
"""


class Page:
    """One tab."""

    def __init__(self, address):
        self.socket = websocket.create_connection(address, timeout=TIMEOUT)
        self.number = 0
        self.events = []
        self.watch = None
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Return what the browser answers to a command."""
        self.number += 1
        self.socket.send(
            json.dumps({"id": self.number, "method": method, "params": params})
        )
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                return message["result"]
            self.events.append(message)

    def wait_for(self, event):
        """Wait for an event that comes from now on."""
        while not any(message.get("method") == event for message in self.events):
            self.events.append(json.loads(self.socket.recv()))

    def log_in(self, url, database, login):
        """Take the session of a user whose password is the login."""
        values = {"db": database, "login": login, "password": login}
        request = urllib.request.Request(
            f"{url}/web/session/authenticate",
            json.dumps({"jsonrpc": "2.0", "params": values}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            cookie = answer.headers["Set-Cookie"].split(";")[0]
            if "error" in json.load(answer):
                raise RuntimeError(f"{login} cannot log in to {database}.")
        name, value = cookie.split("=", 1)
        self.call("Network.setCookie", name=name, value=value, url=url)

    def load(self, url, selectors):
        """Load a page, and wait until elements of all selectors are there.

        :return: milliseconds until somebody could work with it
        """
        if self.watch:
            self.call("Page.removeScriptToEvaluateOnNewDocument", identifier=self.watch)
        source = WATCH % json.dumps(selectors)
        added = self.call("Page.addScriptToEvaluateOnNewDocument", source=source)
        self.watch = added["identifier"]
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")
        answer = self.call(
            "Runtime.evaluate", expression="window.interactive", awaitPromise=True
        )
        return answer["result"]["value"]

    def drag(self, source, target):
        """Move what a selector finds onto what another one finds, with the mouse."""
        self.events.clear()
        start, end = map(self._get_middle, (source, target))
        self._use_mouse("mousePressed", *start)
        for step in range(1, STEPS + 1):
            way = zip(start, end, strict=True)
            self._use_mouse("mouseMoved", *(a + (b - a) * step / STEPS for a, b in way))
        self._use_mouse("mouseReleased", *end)

    def _get_middle(self, selector):
        expression = MIDDLE % json.dumps(selector)
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        return answer["result"]["value"]

    def _use_mouse(self, kind, x, y):
        mouse = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1}
        self.call("Input.dispatchMouseEvent", clickCount=1, **mouse)

    def get_calls(self):
        """Return the methods that the page called since, once it has gone quiet."""
        self.socket.settimeout(QUIET)
        deadline = time.monotonic() + 5 * QUIET
        try:
            while time.monotonic() < deadline:
                self.events.append(json.loads(self.socket.recv()))
        except websocket.WebSocketTimeoutException:
            pass
        finally:
            self.socket.settimeout(TIMEOUT)
        requests = [
            event["params"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
            and CALLS in event["params"]["request"]["url"]
        ]
        return [json.loads(self._get_body(request))["params"] for request in requests]

    def _get_body(self, request):
        if "postData" in request["request"]:
            return request["request"]["postData"]
        answer = self.call("Network.getRequestPostData", requestId=request["requestId"])
        return answer["postData"]


@contextmanager
def open_browser():
    """Start Chromium with nothing in its cache, and end it.

    :return: a page
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Page(_find_page(Path(profile) / "DevToolsActivePort"))
        finally:
            process.terminate()
            process.wait()


def _find_page(file):
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if file.is_file() and (port := file.read_text().split("\n")[0]):
            targets = f"http://127.0.0.1:{port}/json/list"
            with urllib.request.urlopen(targets, timeout=TIMEOUT) as answer:
                pages = [one for one in json.load(answer) if one["type"] == "page"]
            if pages:
                return pages[0]["webSocketDebuggerUrl"]
        time.sleep(0.05)
    raise RuntimeError("Chromium did not start.")

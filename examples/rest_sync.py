#!/usr/bin/env python3
"""Fetch over REST what changed since the last time, of deals, quotes and customers.

Usage: ODOO_API_KEY=... rest_sync.py STATE_FILE, as often as you like. Needs a key as
``rest_client.py`` does; ODOO_URL is another server than that of ``./dev run``.
"""

import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import requests

URL = os.environ.get("ODOO_URL", "http://127.0.0.1:8069")
LISTS = ("customers", "opportunities", "quotes", "activities")
# A change has the time at which its call began, and is seen when that has ended.
OVERLAP = timedelta(minutes=5)


def fetch_changed(session, name, since):
    """Yield what changed, page by page: by id, so that nothing moves meanwhile."""
    params = {"updated_since": since, "limit": 500, "cursor": ""}
    while params["cursor"] is not None:
        response = session.get(f"{URL}/api/{name}", params=params, timeout=30)
        response.raise_for_status()
        page = response.json()
        yield from page["items"]
        params["cursor"] = page["next_cursor"]


def sync(session, name, since, known):
    """Take over what changed.

    :param dict known: what was taken over before, by id
    :return: from when on to ask the next time
    """
    latest = since
    for item in fetch_changed(session, name, since):
        latest = max(latest, item["updated_at"])
        # Most of what comes again because of the overlap is as it was. Not by its
        # time: it may have changed twice in a second.
        if known.get(str(item["id"])) != item:
            known[str(item["id"])] = item
            print(f"{name} {item['id']} changed at {item['updated_at']}")
    return latest


def step_back(latest):
    """Return the time to go on from, as the API writes it."""
    time = datetime.strptime(latest, "%Y-%m-%dT%H:%M:%SZ") - OVERLAP
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['ODOO_API_KEY']}"
path = Path(sys.argv[1])
state = json.loads(path.read_text()) if path.exists() else {}
for name in LISTS:
    about = state.setdefault(name, {"since": "2000-01-01T00:00:00Z", "known": {}})
    latest = sync(session, name, about["since"], about["known"])
    about["since"] = max(about["since"], step_back(latest))
path.write_text(json.dumps(state))

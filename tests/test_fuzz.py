"""Every public method, called as nobody should, by users who may see part of it all.

An answer is a result, or an error that tells a user what is wrong. It shows nothing of
what its user may not see, and changes nothing of it. What Odoo itself does not survive
is not ours, where no code of ours is under way but to hand over to Odoo's.

``FUZZ_SEED`` makes other cases, ``FUZZ_CASES`` more of them (for all roles together):

    FUZZ_SEED=7 FUZZ_CASES=50000 ./dev test -s tests/test_fuzz.py
"""

import json
import os
import re
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from database import connecting, get_odoo
from fuzz_calls import Caller, Case
from fuzz_cases import Fuzzer
from mail_catcher import catching_mail

from dev_tool.places import ROOT, addons

SEED = int(os.environ.get("FUZZ_SEED", "1"))
CASES = int(os.environ.get("FUZZ_CASES", "1500"))
SLOW_SECONDS = 20
# Those who work at the same time do not see each other's documents. Of the last ones'
# own company, nothing is secret to them.
PHASES = {
    ("own", "portal", "outsider"): ("colleague", "foreign"),
    ("all", "manager"): ("foreign",),
}
FRAME = re.compile(r'^  File "(.+?)", line (\d+), in (.+)\n    (.*)', re.MULTILINE)
OURS = tuple(f"{ROOT / addon}{os.sep}" for addon in addons())


@dataclass
class Findings:
    """What is wrong, with the cases that show it."""

    cases: dict = field(default_factory=lambda: defaultdict(list))
    counts: Counter = field(default_factory=Counter)

    def add(self, what, case):
        self.cases[what].append(case)

    def describe(self):
        lines = [f"FUZZ_SEED={SEED} FUZZ_CASES={CASES}"]
        for what, cases in sorted(self.cases.items(), key=lambda one: -len(one[1])):
            lines.append(f"* {what} ({len(cases)} times)")
            lines.extend(f"    {case}" for case in cases[:3])
        return "\n".join(lines)


class Judge:
    """Looks at answers, and calls Odoo's own models for comparison."""

    def __init__(self, server, facts, findings):
        self.models = facts["models"]
        self.canaries = facts["canaries"]
        self.category = facts["category"]
        self.manager = _log_in(server, facts, "manager")
        self.findings = findings

    def judge(self, caller, case, answer, secrets):
        self.findings.counts[case.role, answer.kind] += 1
        for whose in secrets:
            if self.canaries[whose] in answer.text:
                self.findings.add(f"shows a secret in {case.method}", case)
        if answer.seconds > SLOW_SECONDS:
            self.findings.add(f"takes {answer.seconds:.0f} s", case)
        frames = answer.kind == "failed" and _find_our_frames(answer.traceback)
        if frames and not self._fails_in_odoo_as_well(caller, case):
            self.findings.add(f"{answer.exception}\n    {frames[-1]}", case)
        method = self.models[case.model]["methods"][case.method]
        if (
            answer.kind == "result"
            and method["is_ours"]
            # Actions hand on the context, with whatever the caller put there.
            and _has_none(answer.result)
            and not _has_none(case.context)
        ):
            self.findings.add("answers None, which XML-RPC does not have", case)

    def _fails_in_odoo_as_well(self, caller, case):
        """Tell whether Odoo does not survive the same ids, context or shape of values.

        Values that are no dictionaries reach what our models add to Odoo's methods.
        """
        arguments = {"fields": ["display_name"]}
        same = Case(case.role, "res.users", "read", case.ids, arguments, case.context)
        if caller.call(same).kind == "failed":
            return True
        if case.method not in SHAPES or SHAPES[case.method](case.arguments):
            return False
        same = replace(case, model="res.partner.category", ids=None, context=None)
        if case.method != "create":
            same.ids = [self.category]
        return self.manager.call(same).kind == "failed"


def _find_our_frames(traceback):
    """Return where our code stands in a traceback, unless it hands over to Odoo's."""
    last = traceback.split("Traceback (most recent call last):")[-1]
    return [
        f"{Path(file).name}:{number} {function}: {code.strip()}"
        for file, number, function, code in FRAME.findall(last)
        if file.startswith(OURS) and "super(" not in code
    ]


def _are_dictionaries(values):
    values = values if isinstance(values, list) else [values]
    return all(isinstance(one, dict) for one in values)


# Whether the values that a method of Odoo's takes are what they should be
SHAPES = {
    "create": lambda arguments: _are_dictionaries(arguments.get("vals_list")),
    "web_save": lambda arguments: isinstance(arguments.get("vals"), dict),
    "web_save_multi": lambda arguments: _are_dictionaries(arguments.get("vals_list")),
    "write": lambda arguments: isinstance(arguments.get("vals"), dict),
}


def _has_none(value):
    if isinstance(value, dict):
        return any(_has_none(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_none(one) for one in value)
    return value is None


@pytest.fixture(scope="module")
def catcher():
    """Mails that calls send go here, and no further."""
    with catching_mail() as catcher:
        yield catcher


@pytest.fixture(scope="module")
def world(fuzzed_server, catcher, tmp_path_factory):
    """A server, and what there is to fuzz."""
    path = tmp_path_factory.mktemp("fuzz") / "facts.json"
    folder = str(Path(__file__).parent)
    get_odoo().run_script(
        "fuzz",
        fuzzed_server.database,
        f"import sys; sys.path.insert(0, {folder!r})\n"
        f"import fuzz_world; fuzz_world.set_up(env, {str(path)!r}, {catcher.port})\n",
    )
    return fuzzed_server, json.loads(path.read_text())


def _take_fingerprints(server, facts, secrets):
    """Return a checksum of each secret row, by table and id."""
    rows = {}
    with connecting(server.database) as cursor:
        for whose in secrets:
            for model, ids in facts["secrets"][whose].items():
                table = model.replace(".", "_")
                cursor.execute(
                    f"SELECT id, md5(t::text) FROM {table} t WHERE id = ANY(%s)", [ids]
                )
                rows.update({(table, row): text for row, text in cursor.fetchall()})
    return rows


def _find_forgeries(server, facts):
    """Return what nobody who called may have made."""
    known = {
        "callers": [facts["uids"][role] for role in facts["callers"]],
        "manager": facts["uids"]["manager"],
        **facts["companies"],
    }
    queries = [
        "SELECT 'signature', id FROM billinator_quote"
        " WHERE create_uid = ANY(%(callers)s)"
        " AND COALESCE(signed_by, signed_hash, signed_on::text) IS NOT NULL",
        "SELECT 'approval', id FROM billinator_quote"
        " WHERE create_uid = ANY(%(callers)s) AND approval_decided_by != %(manager)s",
        "SELECT 'invoice', id FROM account_move WHERE create_uid = ANY(%(callers)s)"
        " AND state != 'draft'",
    ]
    for name, model in facts["models"].items():
        if model["is_ours"] and {"company_id", "create_uid"}.issubset(model["columns"]):
            queries.append(
                f"SELECT '{name}', id FROM {model['table']} WHERE company_id = %(far)s"
                " AND create_uid = ANY(%(callers)s)"
            )
    with connecting(server.database) as cursor:
        cursor.execute(" UNION ALL ".join(queries), known)
        return cursor.fetchall()


def _log_in(server, facts, role):
    return Caller(server, facts["uids"][role], facts["keys"][role])


def _fuzz_role(server, facts, role, secrets, judge):
    caller = _log_in(server, facts, role)
    fuzzer = Fuzzer(facts, f"{SEED} {role}")
    for case in fuzzer.make_cases(role, CASES // 5):
        judge.judge(caller, case, caller.call(case), secrets)
    return len(fuzzer.own)


def test_no_domain_finds_what_is_secret(world):
    server, facts = world
    found, probes = [], defaultdict(list)
    for roles, secrets in PHASES.items():
        for role in roles:
            caller = _log_in(server, facts, role)
            fuzzer = Fuzzer(facts, f"{SEED} {role}")
            for whose in secrets:
                for probe in fuzzer.make_probes(
                    role, facts["canaries"][whose], CASES // 50
                ):
                    probes[whose].append(probe)
                    if _finds(caller, probe):
                        found.append(str(probe))
    assert not found, "\n".join(found)
    for whose, owner in facts["owners"].items():
        caller = _log_in(server, facts, owner)
        assert any(_finds(caller, probe) for probe in probes[whose]), whose


def _finds(caller, probe):
    answer = caller.call(probe)
    return answer.kind == "result" and answer.result


def test_no_call_breaks_anything(world):
    server, facts = world
    findings = Findings()
    judge = Judge(server, facts, findings)
    for roles, secrets in PHASES.items():
        before = _take_fingerprints(server, facts, secrets)
        with ThreadPoolExecutor(len(roles)) as executor:
            done = [
                executor.submit(_fuzz_role, server, facts, role, secrets, judge)
                for role in roles
            ]
        methods = [one.result() for one in done]
        after = _take_fingerprints(server, facts, secrets)
        for key in before:
            if before[key] != after.get(key):
                findings.add("changes what is secret", key)
    for forgery in _find_forgeries(server, facts):
        findings.add("makes what it may not", forgery)
    print(f"{methods[0]} methods, {findings.counts}")
    assert not findings.cases, findings.describe()
    # Who is refused everywhere has tested nothing.
    for role in facts["callers"]:
        assert findings.counts[role, "result"] > CASES / 100, role

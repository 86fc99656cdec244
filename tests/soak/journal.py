"""What clients asked for and were answered: the soak writes it, the audit replays it.

A line is a call, as JSON. Its claims are what the database has to show once the call is
done; of a call without an answer nobody knows whether it was.
"""

import json
import threading
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from math import inf
from typing import NamedTuple

from findings import Checks

DONE = "done"
REFUSED = "refused"
# The server answered that it could not: a status of 500 and above.
FAILED = "failed"
# There was no answer.
CUT = "cut"
# The client did not wait for one.
LEFT = "left"


@dataclass
class Call:
    """A call, its answer and its claims."""

    kind: str
    began: float
    ended: float = 0.0
    outcome: str = DONE
    detail: str = ""
    # Model, id
    made: tuple = ()
    # Model, field, value: no other record is called like the one that was to be made.
    named: tuple = ()
    # Lists of model, id, field, value; the second ones may come true, but need not.
    sets: list = field(default_factory=list)
    may_set: list = field(default_factory=list)
    # Lists of model, id, id of the record that stands for it now, or None
    gone: list = field(default_factory=list)

    # What was answered, if it was done; not kept.
    answer = None

    @property
    def is_done(self):
        return self.outcome == DONE

    @property
    def is_refused(self):
        return self.outcome == REFUSED


class Writer:
    """Appends calls to a journal, from many threads."""

    def __init__(self, path):
        self._file = path.open("a")
        self._lock = threading.Lock()
        self.calls = []

    def write(self, call):
        line = json.dumps(asdict(call))
        with self._lock:
            self._file.write(f"{line}\n")
            self._file.flush()
            self.calls.append(call)


class Write(NamedTuple):
    """What a call says of a field."""

    call: Call
    # Model, field, value
    claim: tuple
    is_certain: bool

    @property
    def ended(self):
        """When it had happened at the latest, if at all."""
        return self.call.ended if self.call.is_done else inf


class Journal(Checks):
    """The calls that were not refused, held against a database."""

    def __init__(self, path, env):
        self._env = env(context={"active_test": False})
        lines = path.read_text().splitlines()
        self.calls = [Call(**json.loads(line)) for line in lines]
        self._answered = [call for call in self.calls if not call.is_refused]
        # Where a merge has put records; the value says whether that is certain.
        self._gone = defaultdict(list)
        for call in self._answered:
            for model, record_id, into in call.gone:
                self._gone[model, record_id].append((into, call.is_done))
        self._note_deleted_along()

    def get_checks(self):
        return {
            "what was answered as made is there": self._check_made,
            "what was to be made once was made once": self._check_named,
            "what was answered as merged or deleted is gone": self._check_gone,
            "what was answered as changed is so": self._check_values,
        }

    def _note_deleted_along(self):
        """Let go of what belonged to a record that was deleted."""
        for call in self._answered:
            owners = (claim[2:] for claim in call.sets if claim[1:2] == call.made[1:])
            for name, value in owners:
                if None in self._resolve((call.made[0], name, value)):
                    self._gone[tuple(call.made)].append((None, False))

    def _check_made(self, finding):
        made = defaultdict(set)
        for call in self._answered:
            if call.is_done and call.made:
                model, record_id = call.made
                made[model].add(record_id)
        for model, ids in made.items():
            finding.count += len(ids)
            lost = ids - set(self._env[model].browse(ids).exists().ids)
            finding.breaches += [
                {model: record_id}
                for record_id in sorted(lost)
                if (model, record_id) not in self._gone
            ]

    def _check_named(self, finding):
        """Each name is one call, with its repetitions: it makes a record once."""
        by_name = defaultdict(list)
        for call in self.calls:
            if call.named:
                by_name[tuple(call.named)].append(call)
        found = self._find_named(by_name)
        finding.count = len(by_name)
        for name, calls in by_name.items():
            told = {call.made[1] for call in calls if call.is_done and call.made}
            told -= {record_id for model, record_id in self._gone if model == name[0]}
            refused = all(call.is_refused for call in calls)
            ids = found[name]
            if len(ids) > (not refused) or not told <= ids:
                breach = {"name": name, "told": sorted(told), "found": sorted(ids)}
                finding.breaches.append(breach)

    def _find_named(self, names):
        """Return the ids of the records with each name, but not of their copies."""
        values = defaultdict(list)
        for model, name, value in names:
            values[model, name].append(value)
        found = defaultdict(set)
        for (model, name), wanted in values.items():
            records = self._env[model].search_fetch([(name, "in", wanted)], [name])
            for record in _drop_copies(records, name):
                found[model, name, record[name]].add(record.id)
        return found

    def _check_gone(self, finding):
        gone = defaultdict(set)
        for (model, record_id), ways in self._gone.items():
            if any(is_certain for _into, is_certain in ways):
                gone[model].add(record_id)
        for model, ids in gone.items():
            finding.count += len(ids)
            records = self._env[model].browse(ids).exists()
            finding.breaches += [{model: record_id} for record_id in records.ids]

    def _check_values(self, finding):
        """A field has the value of a call that no later one has overwritten."""
        writes = self._get_writes()
        current = self._read(writes)
        for (model, record_id, name), known in writes.items():
            if (model, record_id) not in current:
                continue
            finding.count += 1
            value = current[model, record_id][name]
            possible = [
                one for wanted in _get_last(known) for one in self._resolve(wanted)
            ]
            if not any(_are_equal(value, one) for one in possible):
                finding.breaches.append(
                    {model: record_id, name: value, "answered": possible}
                )

    def _get_writes(self):
        """Return what each field was set to, of the records that it may be on now."""
        writes = defaultdict(list)
        for call in self._answered:
            for model, record_id, name, value in call.sets:
                write = Write(call, (model, name, value), call.is_done)
                writes[model, record_id, name].append(write)
            for model, record_id, name, value in call.may_set:
                write = Write(call, (model, name, value), False)
                for one in self._follow(model, record_id):
                    writes[model, one, name].append(write)
        return {
            key: known
            for key, known in writes.items()
            if any(write.is_certain for write in known)
        }

    def _read(self, keys):
        """Return the present values of the fields, of the records that are there."""
        names = defaultdict(set)
        ids = defaultdict(set)
        for model, record_id, name in keys:
            names[model].add(name)
            ids[model].add(record_id)
        return {
            (model, values["id"]): values
            for model in ids
            for values in self._env[model]
            .browse(ids[model])
            .exists()
            .read(list(names[model]), load="")
        }

    def _resolve(self, claim):
        """Return what a value may have become by merges."""
        model, name, value = claim
        comodel = self._env[model]._fields[name].comodel_name
        return self._follow(comodel, value) if comodel else [value]

    def _follow(self, model, record_id):
        """Return the ids that may stand for a record now; None where it was deleted."""
        possible, seen, pending = [], set(), [record_id]
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            ways = self._gone.get((model, one), ())
            pending += [into for into, _is_certain in ways]
            if not any(is_certain for _into, is_certain in ways):
                possible.append(one)
        return possible


def _drop_copies(records, name):
    """Leave out what came with a later version of a quote that has it already."""
    quotes = {
        "billinator.quote": lambda quote: quote,
        "billinator.quote.installment": lambda installment: installment.quote_id,
    }
    if records._name not in quotes:
        return records
    get_quote = quotes[records._name]
    versions = defaultdict(list)
    for record in records:
        quote = get_quote(record)
        original = quote.first_version_id or quote
        versions[original, record[name]].append((quote.version, record))
    return [
        record
        for known in versions.values()
        for version, record in known
        if version == min(version for version, _record in known)
    ]


def _get_last(writes):
    """Return the claims of which none was certainly overwritten by a later one."""
    return [
        write.claim
        for write in writes
        if not any(
            other.is_certain and other.call.began >= write.ended for other in writes
        )
    ]


def _are_equal(value, wanted):
    if wanted is None:
        return not value
    if isinstance(value, float):
        return abs(value - wanted) < 0.005
    if isinstance(value, bool | int | str):
        return value == wanted
    return str(value) == wanted

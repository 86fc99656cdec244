"""How people read what was filled in besides what makes the deal."""

from odoo import fields
from odoo.tools import format_date, format_datetime, html2plaintext

from odoo.addons.billinator_crm.formatting import format_number

# More than anybody ticks: who sends them has made them up, and looks for names.
RECORDS_MAX = 100


def format_answer(env, definition, value, company):
    """Return an answer as a line of text, in the language of the environment.

    :param env: ``Environment`` that may read all that is chosen from
    :param dict definition: of the field or property, as Odoo describes it
    :param value: what Odoo's controller has made of the answer
    :param company: ``res.company`` whose records are named
    :return: str
    """
    kind = definition["type"]
    model = definition.get("relation") or definition.get("comodel")
    if model:
        return _format_records(env[model], value, company)
    if kind in ("selection", "tags"):
        return _format_options(definition, value)
    try:
        return FORMATS[kind](env, value) if kind in FORMATS else str(value)
    except (OverflowError, ValueError):
        # What is sent by hand need not be a day or a number.
        return str(value)


def _format_boolean(env, value):
    return env._("Yes") if value else env._("No")


def _format_date(env, value):
    return format_date(env, fields.Date.to_date(value))


def _format_datetime(env, value):
    moment = fields.Datetime.to_datetime(value)
    return format_datetime(env, moment, tz=env.tz.zone)


def _format_html(env, value):
    return html2plaintext(value)


FORMATS = {
    "boolean": _format_boolean,
    "date": _format_date,
    "datetime": _format_datetime,
    "float": format_number,
    "html": _format_html,
    "integer": format_number,
    "monetary": format_number,
}


def _format_options(definition, value):
    """Return the labels of what was chosen, and of what is no option what was sent."""
    kind = definition["type"]
    labels = {key: label for key, label, *_color in definition[kind]}
    chosen = value if kind == "tags" else [value]
    return ", ".join(labels.get(key) or key for key in chosen)


def _format_records(Model, value, company):
    """Return the names of what was chosen, and of what is not the company's its id."""
    ids = _read_ids(value)
    names = _read_names(Model.browse(ids), company)
    return ", ".join(names.get(id_) or str(id_) for id_ in ids)


def _read_ids(value):
    """Return the ids in the value of a relation, or in the command that sets it."""
    if isinstance(value, int):
        return [value]
    if isinstance(value[0], tuple):
        [(_set, _id, value)] = value
    return list(dict.fromkeys(value))


def _read_names(records, company):
    if len(records) > RECORDS_MAX:
        return {}
    records = records.exists()
    if "company_id" in records._fields:
        records = records.filtered_domain(records._check_company_domain(company))
    return {record.id: record.display_name for record in records}

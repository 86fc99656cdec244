"""Mails that did not reach whom they were for."""


def describe_failure(record):
    """Return in one line why a ``mail.mail`` or ``mail.notification`` has failed."""
    lines = (record.failure_reason or "").strip().splitlines()
    if record.failure_type == "unknown" and lines:
        # The last line tells the cause, those before it what Odoo did.
        return lines[-1].rstrip(".")
    types = dict(record._fields["failure_type"]._description_selection(record.env))
    return types.get(record.failure_type, types["unknown"])

"""What activities and notes are about, and who has to do with them."""

from odoo.exceptions import MissingError

from .arguments import as_id, parse


def check_chosen(record, names):
    """Check the right to read the deal and the quote that a form names anew.

    What follows from these is computed as superuser. What a saved record is about
    already stays with it, whoever may read that.

    :param record: an activity or a note in a form
    :param names: of the fields that the form gives values for
    :raise AccessError: where the user may not
    """
    saved_sudo = record._origin.sudo()
    if "quote_id" in names and record.quote_id._origin != saved_sudo.quote_id:
        record.quote_id._origin.check_access("read")
    deal = record.opportunity_id._origin
    if "opportunity_id" in names and deal != saved_sudo.opportunity_id:
        record._get_chosen_opportunities()._origin.check_access("read")


def check_there(records, names, vals_list):
    """Refuse links to what is not there, before PostgreSQL does and logs an error.

    :param names: of many2one fields of ``records``
    :param vals_list: the values that are to be written
    :raise UserError: for what is no id
    :raise MissingError: where there is no such record
    """
    env = records.env
    for name in names:
        ids = {parse(env, name, as_id, vals.get(name)) for vals in vals_list}
        linked = env[records._fields[name].comodel_name].browse(ids - {None})
        if gone := linked - linked.exists():
            raise MissingError(
                env._(
                    "There is no %(model)s %(id)s.",
                    model=env["ir.model"]._get(gone._name).name,
                    id=gone[0].id,
                )
            )

"""The deals and quotes that activities and notes are about."""


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

"""When records changed, for those who fetch again what did."""

# By which field the API's records show others, which the database takes from them alone
# when they are deleted.
SHOWN_BY = {
    "billinator.contact": {
        "billinator.opportunity": "contact_ids",
        "billinator.quote": "contact_id",
        "billinator.activity": "contact_id",
        "billinator.note": "contact_id",
    },
    "billinator.opportunity": {"billinator.note": "opportunity_id"},
    "billinator.quote": {"billinator.note": "quote_id"},
}

# By which fields the database deletes records of the API together with others.
TAKEN_ALONG = {
    "mail.activity": {"billinator.activity": ["activity_id"]},
    "billinator.opportunity": {"billinator.activity": ["opportunity_id"]},
    "billinator.quote": {"billinator.activity": ["quote_id"]},
    "res.partner": {
        "billinator.activity": ["partner_id"],
        "billinator.contact": ["person_id", "customer_id"],
    },
}


def mark_changed(records):
    """Have records count as changed by this call, which changed what is shown of them.

    By no ``write``: there is nothing for it to check or to compute.
    """
    records._fields["write_date"].write(records, records.env.cr.now())


def mark_referring(records):
    """Have what shows some of ``records`` count as changed: they go, or are hidden."""
    for model, name in SHOWN_BY[records._name].items():
        # Of all of them, whoever may see them.
        Model = records.env[model].sudo().with_context(active_test=False)
        mark_changed(Model.search([(name, "in", records.ids)], order="id"))

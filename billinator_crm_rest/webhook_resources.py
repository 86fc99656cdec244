"""What webhooks tell of a record: what the API answers about it."""


def read_records(records):
    """Return what ``GET`` answers about each of ``records``, in their order.

    Of a model that the API does not have, the ids.
    """
    resource, schema = _get_resources().get(records._name, (None, None))
    if not resource:
        return [{"id": record.id} for record in records]
    return [
        schema.model_validate(values).model_dump(mode="json")
        for values in resource.read_many(records)
    ]


def read_names(records):
    """Return the ids of ``records``, and their names in other systems."""
    # FastAPI is imported only where it is used.
    from .resource import describe_references

    # That is no secret of who may see the records.
    Reference = records.env["billinator.external.reference"].sudo()
    known = Reference._get_references(records)
    return [
        {"id": record.id, **describe_references(known.get(record.id, ()))}
        for record in records
    ]


def _get_resources():
    """Return the resource and the schema of each model that events are about."""
    # FastAPI reads all schemas when it is imported: only where it is used.
    from .routers import activities, opportunities, quotes

    return {
        "billinator.activity": (activities.ACTIVITIES, activities.Activity),
        "billinator.opportunity": (
            opportunities.OPPORTUNITIES,
            opportunities.Opportunity,
        ),
        "billinator.quote": (quotes.QUOTES, quotes.Quote),
    }

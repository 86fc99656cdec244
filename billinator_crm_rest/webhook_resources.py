"""What webhooks tell of a record: what the API answers about it."""


def read_records(records):
    """Return the API's dicts of ``records``, in their order.

    Of a model that the API does not have, the ids.
    """
    # FastAPI reads all schemas when it is imported: only where it is used.
    from .routers import opportunities

    resources = {
        "billinator.opportunity": opportunities.OPPORTUNITIES,
    }
    if resource := resources.get(records._name):
        return resource.read(records)
    return [{"id": record.id} for record in records]

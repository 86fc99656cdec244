"""What the web client asks for when it shows a view."""

from lxml import etree

# Fields that the widgets of activities, on cards and rows, read beside their own.
ACTIVITY_FIELDS = (
    "activity_exception_decoration",
    "activity_exception_icon",
    "activity_state",
    "activity_summary",
    "activity_type_icon",
    "activity_type_id",
)


def get_specification(model, view_type, view_id=None):
    """Return the ``web_read`` specification of the fields in a model's view."""
    arch = etree.fromstring(model.get_view(view_id, view_type)["arch"])
    specification = _specify(arch, model)
    if "activity_ids" in specification:
        specification |= {name: {} for name in ACTIVITY_FIELDS}
    return specification


def _specify(node, model):
    specification = {}
    for child in node:
        if child.tag == "field":
            field = model._fields[child.get("name")]
            specification[field.name] = _specify_field(child, field, model)
        else:
            specification |= _specify(child, model)
    return specification


def _specify_field(node, field, model):
    if field.type == "many2one":
        return {"fields": {"display_name": {}}}
    if field.type in ("one2many", "many2many") and len(node):
        rows = model.env[field.comodel_name]
        return {"fields": _specify(node, rows), "limit": 200}
    return {}

from copy import deepcopy

from lxml.builder import E

from odoo import api, models

from ..arguments import as_text, parse

FORM = "billinator_crm.billinator_opportunity_view_form"
GATE_FORM = "billinator_crm.billinator_opportunity_view_form_gate"
# What says in the form how a field is filled in, and not when.
KEPT_ATTRIBUTES = ("widget", "string", "placeholder", "options", "context", "domain")
# Two editors of one text on a page would take the other one for a colleague.
KEPT_OF_TEXTS = ("widget", "string", "placeholder")


class BillinatorOpportunity(models.Model):
    """The form that asks for the fields that a stage demands."""

    _inherit = "billinator.opportunity"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Let the gate's form have the fields that are missing.

        The context names them: of its keys, the web client sends those that end so
        when it asks for views, and Odoo caches each of their values by itself.
        """
        arch, view = super()._get_view(view_id, view_type, **options)
        if view == self.env.ref(GATE_FORM, raise_if_not_found=False):
            form, _view = super()._get_view(self.env.ref(FORM).id, "form", **options)
            [group] = arch.xpath("//group[@name='missing']")
            group.extend(
                self._prepare_asked_field(form, name)
                for name in self._get_asked_names()
            )
        return arch, view

    @api.model
    def _get_asked_names(self):
        """Return which of the fields that some stage demands the context names."""
        key = "billinator_missing_view_ref"
        text = parse(self.env, key, as_text, self.env.context.get(key)) or ""
        rules = self.env["billinator.stage"]._get_all_rules().values()
        demanded = {name for stage in rules for name in stage.required_names}
        return [name for name in text.split(",") if name in demanded]

    @api.model
    def _prepare_asked_field(self, form, name):
        """Return the node of a field that is to be filled in, as the form has it."""
        field_type = self._fields[name].type
        kept = KEPT_OF_TEXTS if field_type == "html" else KEPT_ATTRIBUTES
        attributes = {"name": name, "required": "1"}
        if field_type == "many2many":
            attributes["widget"] = "many2many_tags"
        nodes = form.xpath(
            "//field[@name=$name][not(@invisible='1')][not(ancestor::field)]", name=name
        )
        children = []
        for node in nodes[:1]:
            attributes.update((key, node.get(key)) for key in kept if node.get(key))
            children = deepcopy(list(node))
        return E.field(*children, **attributes)

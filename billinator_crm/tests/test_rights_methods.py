from odoo.tests import tagged

from .rights_tables import RightsTablesCase

# The public methods on records, by model.
METHODS = """
account.move: action_view_billinator_quote
billinator.activity: action_cancel action_complete action_done action_open_complete
    action_open_document action_reopen action_reschedule action_schedule_next copy_data
billinator.activity.complete: action_complete action_complete_and_schedule_next
billinator.annotated.mixin: action_log_note action_view_notes
billinator.approval.refuse: action_refuse
billinator.contact: action_log_note action_set_primary action_view_notes
billinator.note: copy_data
billinator.opportunity: action_assign action_create_customer action_log_note
    action_move_to_month action_new_quote action_override_gate action_reopen
    action_set_lost action_set_won action_use_quoted_amount action_view_duplicates
    action_view_invoices action_view_notes action_view_quotes copy_data get_won_message
    merge_opportunities
billinator.opportunity.gate: action_move
billinator.opportunity.handover: action_hand_over
billinator.opportunity.lost: action_mark_lost
billinator.opportunity.merge: action_merge
billinator.quote: action_accept action_apply_discount action_apply_template
    action_approve action_convert_to_invoice action_extend action_invoice_again
    action_invoice_down_payment action_log_note action_mark_sent action_refuse_approval
    action_reject action_remove_discount action_request_approval action_reset_to_draft
    action_revise action_save_as_template action_send action_send_by_email
    action_update_prices action_view_customer_page action_view_invoices
    action_view_next_version action_view_notes action_view_opportunity
    action_view_versions copy_data get_departure_notice get_version_diff revise
billinator.quote.compare: action_open
billinator.quote.discount: action_apply action_remove
billinator.quote.extend: action_extend
billinator.quote.installment: action_convert_to_invoice
billinator.quote.invoice: action_create_invoice
billinator.quote.line: action_add_from_catalog
billinator.quote.reject: action_reject
billinator.quote.template: copy_data
billinator.tag: action_refresh action_view_customers copy_data
billinator.tag.assign: action_assign
billinator.target: action_view_deals
crm.team: action_primary_channel_button
mail.compose.message: action_send_mail
portal.share: action_send_mail
privacy.lookup.wizard.line: action_unlink_all
res.partner: action_log_note action_new_opportunity action_new_quote
    action_view_crm_activities action_view_customer_invoices action_view_in_contacts
    action_view_notes action_view_opportunities action_view_quotes copy_data
    get_customer_metrics
"""

# What only opens or tells something, for who may read the record.
OPENERS = {
    "action_log_note",
    "action_new_opportunity",
    "action_new_quote",
    "action_primary_channel_button",
    "action_refresh",
    "action_view_crm_activities",
    "action_view_customer_invoices",
    "action_view_customer_page",
    "action_view_customers",
    "action_view_deals",
    "action_view_in_contacts",
    "action_view_invoices",
    "action_view_next_version",
    "action_view_notes",
    "action_view_opportunities",
    "action_view_opportunity",
    "action_view_quotes",
    "action_view_versions",
    "copy_data",
    "get_customer_metrics",
    "get_departure_notice",
    "get_version_diff",
}
# What Odoo's own docstrings describe, as far as it has any.
INHERITED = {"copy_data", "default_get", "message_route", "read_progress_bar"}
SALES = "own all admin"
EVERYBODY = "internal own all admin account portal public"
# The public methods without records: who gets an answer.
MODEL_METHODS = {
    ("billinator.activity", "default_get"): EVERYBODY,
    ("billinator.activity", "fields_get"): EVERYBODY,
    ("billinator.activity", "get_day_overview"): SALES,
    ("billinator.activity", "get_import_templates"): EVERYBODY,
    ("billinator.activity", "get_pending"): SALES,
    ("billinator.activity", "get_upcoming"): SALES,
    ("billinator.batch.import.mixin", "get_import_templates"): EVERYBODY,
    ("billinator.computed.mixin", "default_get"): EVERYBODY,
    ("billinator.contact", "fields_get"): EVERYBODY,
    ("billinator.computed.mixin", "fields_get"): EVERYBODY,
    ("billinator.contact", "get_import_templates"): EVERYBODY,
    ("billinator.dashboard", "get_dashboard"): SALES,
    ("billinator.export.mixin", "fields_get"): EVERYBODY,
    ("billinator.note", "default_get"): EVERYBODY,
    ("billinator.note", "fields_get"): EVERYBODY,
    ("billinator.note", "get_import_templates"): EVERYBODY,
    ("billinator.opportunity", "default_get"): EVERYBODY,
    ("billinator.opportunity", "fields_get"): EVERYBODY,
    ("billinator.opportunity", "get_forecast"): SALES,
    ("billinator.opportunity", "get_import_templates"): EVERYBODY,
    ("billinator.opportunity", "get_pipeline_statistics"): SALES,
    ("billinator.opportunity", "read_progress_bar"): SALES,
    ("billinator.pipeline.snapshot", "action_take_snapshot"): "admin",
    ("billinator.pipeline.snapshot", "action_view_bar"): SALES,
    ("billinator.pipeline.snapshot", "get_bridge"): SALES,
    ("billinator.pipeline.snapshot", "get_dates"): SALES,
    ("billinator.quote", "default_get"): EVERYBODY,
    ("billinator.quote", "fields_get"): EVERYBODY,
    ("billinator.quote", "get_import_templates"): EVERYBODY,
    ("billinator.quote.installment", "default_get"): EVERYBODY,
    ("billinator.quote.installment", "fields_get"): EVERYBODY,
    ("billinator.quote.line", "default_get"): EVERYBODY,
    ("billinator.quote.line", "fields_get"): EVERYBODY,
    ("billinator.quote.template.line", "default_get"): EVERYBODY,
    ("billinator.tag", "fields_get"): EVERYBODY,
    ("billinator.quote.template.line", "fields_get"): EVERYBODY,
    ("billinator.timeline", "get_timeline"): f"{SALES} account",
    ("mail.thread", "message_route"): "",
    ("portal.share", "default_get"): EVERYBODY,
}


@tagged("post_install", "-at_install")
class TestRightsMethods(RightsTablesCase):
    """RPC reaches every public method, with any id."""

    REFUSALS = {
        **RightsTablesCase.REFUSALS,
        # No client can send the message that it asks for.
        "mail.thread": (TypeError,),
    }

    def _prepare_lookup_wizard_line(self, place):
        deal = self._get_document("billinator.opportunity", place)
        return {
            "res_model_id": self.env["ir.model"]._get_id(deal._name),
            "res_id": deal.id,
        }

    def test_every_method(self):
        for name in ("own", "colleague", "other company"):
            place = self._get_place(name, self.users["own"])
            for model in ("quote", "activity", "note", "pipeline.snapshot"):
                self._get_document(f"billinator.{model}", place)
        self.assert_methods("billinator_crm", METHODS, MODEL_METHODS, OPENERS)

    def test_methods_tell_what_they_return(self):
        """Odoo's page /doc shows an override's docstring, and no other."""
        silent = [
            (model, name)
            for model, name in self._get_methods("billinator_crm")
            if name not in INHERITED
            and ":return:" not in (getattr(self.registry[model], name).__doc__ or "")
        ]
        self.assertFalse(silent)

    def _get_arguments(self, model, name):
        if (model, name) == ("billinator.quote", "action_extend"):
            return ["2099-01-01"]
        place = self._get_place("own", self.users["own"])
        return {
            "action_apply_discount": [10],
            "action_apply_template": [1],
            "action_invoice_down_payment": [20],
            "action_move_to_month": ["2030-01-01"],
            "action_override_gate": [self.stages["QUALIFIED"].id, "No"],
            "action_refuse_approval": ["No"],
            "action_reschedule": ["2030-01-01 10:00:00"],
            "action_set_lost": [self.lost_reason.id, "No"],
            "action_view_bar": ["opening", "2026-01-05"],
            "default_get": [["company_id"]],
            "get_bridge": ["2026-01-05"],
            "get_timeline": [self.customer.id],
            "get_version_diff": [self._get_document("billinator.quote", place).id],
            "merge_opportunities": [
                self._get_document("billinator.opportunity", place).ids
            ],
            "message_route": [{}, {}],
            "read_progress_bar": [
                [],
                "stage_id",
                {"field": "activity_state", "colors": {}},
            ],
        }.get(name, [])

    def _get_foreign_records(self, model):
        makers = {
            "account.move": self._make_invoice,
            "crm.team": self._make_team,
            "mail.compose.message": self._make_composer,
            "portal.share": self._make_share,
            "res.partner": lambda place: place.customer,
        }
        if model not in makers:
            return super()._get_foreign_records(model)
        return [
            makers[model](self._get_place(place, self.users["own"]))
            for place in ("colleague", "other company")
        ]

    def _make_invoice(self, place):
        journal = self.env["account.journal"].create(
            {
                "name": "Sales of the rights",
                "code": "RIGHT",
                "type": "sale",
                "company_id": place.company.id,
            }
        )
        return self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": place.customer.id,
                "journal_id": journal.id,
            }
        )

    def _make_team(self, place):
        return self.env["crm.team"].create(
            {"name": "A team", "company_id": place.company.id}
        )

    def _make_composer(self, place):
        Composer = self.env["mail.compose.message"].with_user(self.other_colleague)
        quote = self._get_document("billinator.quote", place)
        return Composer.sudo().create({"model": quote._name, "res_ids": quote.ids})

    def _make_share(self, place):
        Share = self.env["portal.share"].with_user(self.other_colleague).sudo()
        quote = self._get_document("billinator.quote", place)
        return Share.create({"res_model": quote._name, "res_id": quote.id})

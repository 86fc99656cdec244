from functools import partial

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .rights_tables import RightsTablesCase

MODELS = """
                internal own      all      admin    account  portal   public
billinator.activity
  own           -        crwu     crwu     crwu     -        -        -
  colleague     -        -        crwu     crwu     -        -        -
  unassigned    -        crwu     crwu     crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.activity.outcome
  any           -        r        r        crwu     -        -        -
billinator.approval.rule
  any           -        r        r        crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.contact
  any           r        crwu     crwu     crwu     r        -        -
  other company -        -        -        -        -        -        -
billinator.lost.reason
  any           -        r        r        crwu     -        -        -
billinator.note
  own           -        crwu     crwu     crwu     -        -        -
  colleague     -        -        crw      crwu     -        -        -
  unassigned    -        r        crw      crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.opportunity
  own           -        crw      crw      crwu     -        -        -
  colleague     -        -        crw      crwu     -        -        -
  unassigned    -        crw      crw      crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.opportunity.summary
  own           -        -        -        -        -        -        -
  colleague     -        -        -        -        -        -        -
  unassigned    -        -        -        -        -        -        -
  other company -        -        -        -        -        -        -
billinator.pipeline.snapshot
  own           -        r        r        r        -        -        -
  colleague     -        -        r        r        -        -        -
  unassigned    -        r        r        r        -        -        -
  other company -        -        -        -        -        -        -
billinator.quote
  own           -        crw      crw      crwu     r        r        -
  colleague     -        -        crw      crwu     r        -        -
  unassigned    -        crw      crw      crwu     r        -        -
  other company -        -        -        -        -        -        -
billinator.quote.installment
  own           -        crwu     crwu     crwu     r        -        -
  colleague     -        -        crwu     crwu     r        -        -
  unassigned    -        crwu     crwu     crwu     r        -        -
  other company -        -        -        -        -        -        -
billinator.quote.line
  own           -        crwu     crwu     crwu     r        -        -
  colleague     -        -        crwu     crwu     r        -        -
  unassigned    -        crwu     crwu     crwu     r        -        -
  other company -        -        -        -        -        -        -
billinator.quote.template
  any           -        r        r        crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.quote.template.line
  any           -        r        r        crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.stage
  any           r        r        r        crwu     r        -        -
billinator.stage.conversion
  any           -        r        r        r        -        -        -
  other company -        -        -        -        -        -        -
billinator.tag
  any           r        r        r        crwu     r        -        -
  other company -        -        -        -        -        -        -
billinator.tag.condition
  any           -        r        r        crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.target
  own           -        r        r        crwu     -        -        -
  colleague     -        -        r        crwu     -        -        -
  unassigned    -        -        r        crwu     -        -        -
  other company -        -        -        -        -        -        -
billinator.timeline
  own           -        r        r        r        r        -        -
  colleague     -        -        r        r        r        -        -
  unassigned    -        r        r        r        r        -        -
  other company -        -        -        -        -        -        -
billinator.activity.complete
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.approval.refuse
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.opportunity.gate
  own           -        -        -        crw      -        -        -
  colleague     -        -        -        c        -        -        -
billinator.opportunity.handover
  own           -        -        crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.opportunity.lost
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.opportunity.merge
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.quote.compare
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.quote.discount
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.quote.extend
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.quote.invoice
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.quote.reject
  own           -        crw      crw      crw      -        -        -
  colleague     -        -        c        c        -        -        -
billinator.tag.assign
  own           -        crw      crw      crw      -        -        -
  colleague     -        c        c        c        -        -        -
"""
# Links that only actions set.
KEPT = {
    ("billinator.quote", "first_version_id"),
    ("billinator.quote", "previous_version_id"),
}


@tagged("post_install", "-at_install")
class TestRightsMatrix(RightsTablesCase):
    """Who may create, read, write and unlink what: tried, not asked for."""

    def test_every_model_and_every_role(self):
        self.assert_rights("billinator_crm", MODELS)

    def test_what_the_export_offers_can_be_exported(self):
        self.assert_exports("billinator_crm")

    def test_nothing_links_to_what_its_author_may_not_read(self):
        """Neither a new record nor a changed one: it would tell of it, or change it."""
        user = self.users["own"]
        mine, theirs = (self._get_place(name, user) for name in ("own", "colleague"))
        for model, field in self._get_links():
            values = {field.name: self._get_document(field.comodel_name, theirs).id}
            new = {**self._prepare(model, mine), **values}
            record = self._make(model, mine).with_env(self.env(user=user))
            self.env.flush_all()
            # What nobody sets by hand is refused for that.
            refusal = UserError if (model, field.name) in KEPT else AccessError
            with self.subTest(model=model, link=field.name, by="write"):
                act = partial(record.write, values)
                self.assertFalse(self._try(act, refusal))
            with self.subTest(model=model, link=field.name, by="create"):
                act = partial(record.create, new)
                self.assertFalse(self._try(act, refusal))

    def _get_links(self):
        """Return what a salesperson may set to a deal, a quote or what hangs on it."""
        documents = {
            name
            for name in self._read_places(MODELS)
            if "colleague" in self._read_places(MODELS)[name]
        }
        for model in sorted(self._read_places(MODELS)):
            may_write = self.env[model].with_user(self.users["own"]).has_access("write")
            for field in self.env[model]._fields.values():
                if (
                    may_write
                    and not self.env[model]._transient
                    and field.type == "many2one"
                    and field.store
                    and field.comodel_name in documents
                ):
                    yield model, field

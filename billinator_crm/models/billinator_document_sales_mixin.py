from contextlib import suppress

from odoo import api, models
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.fields import Domain

from ..arguments import as_values, parse_given
from ..exceptions import refusing_values

# As many records are told by their ids; of more, some are soon met in any order.
FEW = 1000
# Of a partner, what its name and address are made of, and what a quote's form and its
# log ask for. It has a hundred fields; all of them are read where one is missing, which
# takes several times as long.
NAME_FIELDS = (
    "city",
    "commercial_company_name",
    "company_name",
    "complete_name",
    "country_id",
    "email",
    "is_company",
    "lang",
    "name",
    "parent_id",
    "state_id",
    "street",
    "street2",
    "type",
    "vat",
    "zip",
)
# Of who makes a document, what making it asks for.
USER_FIELDS = ("active", "company_id", "partner_id", "share")
# Of a tag, what cards and rows tell, and what its rule asks for.
TAG_FIELDS = ("active", "color", "company_id", "is_segment", "name")
# Who may read a document hangs on these.
READERS_FIELDS = {"user_id", "team_id", "company_id"}
# What cards and rows tell of the next activity, and what the activity calls it.
NEXT_ACTIVITY = {
    "activity_summary": "summary",
    "activity_type_icon": "icon",
    "activity_type_id": "activity_type_id",
}
# Of activities, what these are made of, and where and how they stand.
ACTIVITY_FIELDS = (
    *("active", "activity_type_id", "date_deadline", "res_id", "summary", "user_tz"),
)


class BillinatorDocumentSalesMixin(models.AbstractModel):
    """A document of sales to a customer, ``partner_id``, by whose name it is found.

    It has a salesperson, ``user_id``, and a team, ``team_id``, too.
    """

    _name = "billinator.document.sales.mixin"
    _description = "Document of Sales"
    _inherit = [
        "billinator.document.mixin",
        "billinator.currency.mixin",
        "billinator.reading.mixin",
    ]
    # The fields of what a document shares its company with, the nearest first
    _company_sources = ("partner_id",)

    @api.model
    def _search_display_name(self, operator, value):
        """Find the documents of customers with such a name, too.

        Customers and documents are looked for first, each by the indexes of their
        texts. PostgreSQL takes texts to be in many rows: it would read the documents
        in their order until a page is full, which is all of them where few are found.
        """
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        domain = super()._search_display_name(operator, value)
        if not value:
            return domain
        named = Domain("display_name", operator, value)
        customer_ids = self._find_few(self.env["res.partner"], named)
        if customer_ids is None:
            return domain | Domain("partner_id.display_name", operator, value)
        domain |= Domain("partner_id", "in", customer_ids)
        ids = self._find_few(self, domain)
        return domain if ids is None else Domain("id", "in", ids)

    @api.model
    def _find_few(self, model, domain):
        """Return the ids of a domain's records, or None where they are many.

        Whether one may read them is for the search that asks for them.
        """
        query = model._search(
            domain, limit=FEW + 1, active_test=False, bypass_access=True
        )
        ids = query.get_result_ids()
        return ids if len(ids) <= FEW else None

    # === Onchanges === #

    @api.onchange("partner_id")
    def _onchange_company_sources(self):
        """Move a new document to the company of what it is about."""
        if self._origin or "default_company_id" in self.env.context:
            return
        sources = [self[name]._origin for name in self._company_sources]
        # Also the same company, if set again, would have all computed anew.
        if company := self._find_company(sources, self.company_id):
            self.company_id = company

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_salespeople(vals.get("user_id") for vals in vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_salespeople([vals.get("user_id")])
        return super().write(vals)

    def web_save(self, vals, specification, next_id=None):
        """Save for the web client, which reads what it has saved.

        Whoever gives a document away may not see it any more. It is shown as it was,
        with what was written: refusing to read it would refuse to give it away.

        :param dict vals: as for ``write``, or for ``create`` without records
        :param dict specification: the fields to return, as for ``web_read``
        :param int next_id: of the record to return instead
        :return: list of dicts, as of ``web_read``
        :raises UserError: for values that are no dict
        """
        parse_given(self.env, "vals", as_values, vals)
        if next_id or not self or not READERS_FIELDS & vals.keys():
            return super().web_save(vals, specification, next_id)
        shown = self.with_context(bin_size=True).web_read(specification)
        super().web_save(vals, {})
        kept = self._filtered_access("read").with_context(bin_size=True)
        saved = {row["id"]: row for row in kept.web_read(specification)}
        written = {}
        if len(saved) < len(shown):
            written = self._read_written(vals, specification)
        return [saved.get(row["id"], {**row, **written}) for row in shown]

    def _read_written(self, vals, specification):
        """Return the values that were written, as ``web_read`` gives them."""
        written = {}
        for name in vals.keys() & specification.keys():
            field, value = self._fields[name], vals[name]
            if field.type == "many2one" and "fields" in specification[name]:
                record = self.env[field.comodel_name].browse(value or ())
                (value,) = record.web_read(specification[name]["fields"]) or (False,)
            if field.type not in ("one2many", "many2many"):
                written[name] = value
        return written

    def _leave_out_former_colleagues(self, vals_list, given):
        """Leave copies to others where the salesperson is no colleague any more.

        :param list vals_list: of the copies, as ``copy_data`` makes them; changed
        :param given: the names of fields that the copies were given values for
        """
        # As sudo: whether they are colleagues.
        for document_sudo, vals in zip(self.sudo(), vals_list, strict=True):
            if "user_id" not in given and document_sudo.user_id.share:
                vals.pop("user_id", None)

    @api.model
    def _check_salespeople(self, ids):
        """Refuse portal users: who is assigned follows the document from then on.

        Users may have become such since, and keep what they have.
        """
        # What is no id is refused by the ORM. Who works on a document is a colleague.
        ids = {one for one in ids if type(one) is int} - {self.env.uid}
        # As sudo: whether they are colleagues.
        others_sudo = self.env["res.users"].sudo().browse(ids)
        if outsiders := others_sudo.filtered("share"):
            raise ValidationError(
                self.env._(
                    "%s is not a colleague and cannot be the salesperson.",
                    ", ".join(outsiders.mapped("name")),
                )
            )

    # === Creating === #

    @api.model
    def _get_customers(self, vals_list):
        """Return the customers that documents are to be created for."""
        return self.env["res.partner"].union(*self._get_given("partner_id", vals_list))

    @api.model
    def _get_given(self, name, vals_list):
        """Return a list of what each of the values, or the context, has for a field."""
        default = self.env.context.get(f"default_{name}")
        given = [vals.get(name, default) for vals in vals_list]
        # What is no id is refused by the ORM, which says why.
        ids = [one if type(one) is int and one > 0 else None for one in given]
        records = self.env[self._fields[name].comodel_name].browse(filter(None, ids))
        return [records.browse(one).with_prefetch(records._ids) for one in ids]

    @api.model
    def _with_companies(self, vals_list):
        """Return the values, with the company of what each document is about.

        Where the current one cannot be meant, and nobody chooses any.
        """
        if "default_company_id" in self.env.context:
            return vals_list
        given = [self._get_given(name, vals_list) for name in self._company_sources]
        result = []
        for vals, *sources in zip(vals_list, *given, strict=True):
            company = None
            if "company_id" not in vals:
                # What the user may not read, or is not there, is refused later.
                with suppress(AccessError, MissingError):
                    company = self._find_company(sources, self.env.company)
            result.append({**vals, "company_id": company.id} if company else vals)
        return result

    @api.model
    def _find_company(self, sources, current):
        """Return the company of the first source that has one, if the user works there.

        None where ``current`` may have documents about that source.
        """
        for source in sources:
            if source.company_id:
                fitting = source._check_company_domain(current)
                foreign = source - source.filtered_domain(fitting)
                return self.env.companies & foreign.company_id
        return self.env["res.company"]

    @api.model
    def _fetch_user(self):
        """Read of the user what changing documents asks for, and no more."""
        self.env.user.fetch(USER_FIELDS)

    def _check_company(self, fnames=None):
        """Ask for no companies of the user, whose own documents these mostly are.

        They are in memory; those of others are read for all documents at once.
        """
        names = self._fields if fnames is None or "company_id" in fnames else fnames
        # As sudo: who assigns a document need not read what the user's companies are.
        documents_sudo = self.sudo()
        if "team_id" in names:
            documents_sudo.team_id._recall()
        own_company_ids = self.env.user._get_company_ids()
        if documents_sudo.user_id <= self.env.user and set(
            documents_sudo.company_id.ids
        ) <= set(own_company_ids):
            fnames = set(names) - {"company_id", "user_id"}
        with refusing_values():
            return super()._check_company(fnames)

    # === Reading === #

    def _fetch_query(self, query, fields):
        """Read activities with what is told of them; the ORM reads their ids alone."""
        field = self._fields["activity_ids"]
        others = [one for one in fields if one is not field]
        documents = super()._fetch_query(query, others)
        if len(others) < len(fields):
            activities = self.env["mail.activity"].with_context(active_test=False)
            by_document = activities.search_fetch(
                [("res_model", "=", self._name), ("res_id", "in", documents.ids)],
                ACTIVITY_FIELDS,
            ).grouped("res_id")
            found = [by_document.get(one, activities)._ids for one in documents._ids]
            field._insert_cache(documents, found)
        return documents

    def _read_format(self, fnames, load="_classic_read"):
        # The web client reads with None, and the names after that; who reads ids alone
        # says so by an empty text.
        if load != "":
            # What somebody has just deleted is left out, as in any reading.
            with suppress(MissingError):
                self._fetch_related(fnames)
        return super()._read_format(fnames, load)

    def _fetch_related(self, field_names):
        """Read of customers and people what documents show of them, and no more."""
        # As sudo: who may read a document is told whose it is.
        documents_sudo = self.sudo()
        partners_sudo = documents_sudo.env["res.partner"]
        if "partner_id" in field_names:
            partners_sudo |= documents_sudo.partner_id
        if "user_id" in field_names:
            # Quotes ask for each of their fields whether the user is a customer.
            people_sudo = documents_sudo.user_id | documents_sudo.env.user
            people_sudo.fetch(["partner_id", "share"])
            partners_sudo |= documents_sudo.user_id.partner_id
        partners_sudo.fetch(NAME_FIELDS)
        if "team_id" in field_names:
            documents_sudo.team_id._recall()
        if "tag_ids" in field_names:
            # All of them, as whether one is active would be asked of each whole tag.
            self.with_context(active_test=False).tag_ids.fetch(TAG_FIELDS)
        if "activity_ids" in field_names:
            self._origin._remember_next_activities()

    def _remember_next_activities(self):
        """Keep what is told of the next activity of each document, for all at once."""
        # As sudo: of the activities that the user may see, and of nothing else.
        activities_sudo = self.activity_ids.sudo()
        activities_sudo.fetch(ACTIVITY_FIELDS)
        activities_sudo.activity_type_id._recall()
        by_document = activities_sudo.grouped("res_id")
        none = activities_sudo.browse()
        following = [by_document.get(one, none)[:1] for one in self._ids]
        for name, source in NEXT_ACTIVITY.items():
            field = self._fields[name]
            values = [field.convert_to_cache(one[source], one) for one in following]
            field._insert_cache(self, values)

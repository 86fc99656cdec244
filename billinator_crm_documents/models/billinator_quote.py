import base64
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL
from odoo.tools.pdf import merge_pdf

from odoo.addons.billinator_crm.arguments import arguments, as_id, one_record
from odoo.addons.billinator_crm.locks import wait_and_lock

RELATION = "billinator_quote_document_rel"


class BillinatorQuote(models.Model):
    """The documents that go with a quote, and are signed with it."""

    _inherit = "billinator.quote"

    document_ids = fields.Many2many(
        "billinator.quote.document",
        RELATION,
        "quote_id",
        "document_id",
        string="Documents",
        compute="_compute_document_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
        # What was archived stays on the quotes that have it.
        context={"active_test": False},
        help="PDFs that the customer gets with the quote, and signs with it.",
    )
    documented_product_ids = fields.Many2many(
        "product.template",
        string="Products with Documents",
        compute="_compute_documented_product_ids",
        readonly=False,
        exportable=False,
        # Those that were archived are on quotes as before.
        context={"active_test": False},
        help="The products that have brought their documents: in a form, also those of "
        "lines that are not saved yet.",
    )

    # === Computes === #

    # Not on the lines: what somebody takes off is gone, whatever changes there later.
    @api.depends("partner_id", "company_id")
    def _compute_document_ids(self):
        """Propose the usual ones, and keep what somebody has added."""
        for quote in self:
            template = quote.applied_template_id
            products = quote._get_documented_products(quote.line_ids)
            added = quote.document_ids._origin._filter_added(template, products)
            proposed = quote._get_proposed_documents(template, products)
            quote.document_ids = added._filter_fitting(quote) | proposed

    def _compute_documented_product_ids(self):
        for quote in self:
            saved_lines = quote._origin.line_ids
            quote.documented_product_ids = quote._get_documented_products(saved_lines)

    @api.onchange("line_ids")
    def _onchange_documented_products(self):
        self._follow_products({self: self.documented_product_ids._origin})
        self.documented_product_ids = self._get_documented_products(self.line_ids)

    # === Constraints === #

    @api.constrains("document_ids")
    def _check_documents_editable(self):
        self._check_editable()

    # === CRUD === #

    def write(self, vals):
        if "line_ids" not in vals:
            return super().write(vals)
        commands = vals.get("document_ids", [])
        # Forms, which tell the products, have shown their documents.
        is_shown = "documented_product_ids" in vals
        is_given = is_shown or not is_linking_only(commands)
        with self._keeping_documents() if is_given else self._following_products():
            result = super().write(vals)
        if commands and not is_given:
            # Also of what has come or gone with the lines.
            super().write({"document_ids": commands})
        return result

    def copy_data(self, default=None):
        """Give copies what is used today, and those for another customer their own."""
        vals_list = super().copy_data(default)
        if "document_ids" not in (default or {}):
            for quote, vals in zip(self, vals_list, strict=True):
                documents = quote.document_ids._get_current(quote.company_id)
                vals["document_ids"] = [Command.set(documents.ids)]
                if vals["partner_id"] != quote.partner_id.id:
                    del vals["document_ids"]
        return vals_list

    # === Versions === #

    @api.readonly
    @arguments(other_version_id=as_id)
    @one_record
    def get_version_diff(self, other_version_id):
        """Tell what changed from another version, its documents as well.

        :param int other_version_id: another version of the same quote
        :return: the same as without documents, and ``documents``: dict of ``added``,
            ``removed`` and ``changed`` (another file, place or position), lists of
            names
        :raises UserError: for a quote that is no version of this one
        """
        diff = super().get_version_diff(other_version_id)
        other = self.browse(other_version_id)
        return {**diff, "documents": self._compare_documents(other)}

    def _compare_documents(self, other):
        # What was renamed is still the same.
        names = {
            document.replaced_by_id or document: document.name
            for document in self._get_documents_sudo()
        }
        old = other._get_documents_by_name(names)
        new = self._get_documents_by_name(names)
        # Of these, each in its own order.
        kept_of_old = (name for name in old if name in new)
        kept_of_new = (name for name in new if name in old)
        return {
            "added": [name for name in new if name not in old],
            "removed": [name for name in old if name not in new],
            "changed": [
                name
                for name, there in zip(kept_of_new, kept_of_old, strict=True)
                if name != there or new[name] != old[name]
            ],
        }

    def _get_documents_by_name(self, names):
        """Return what holds of the quote's documents of each name, as ``names`` say."""
        grouped = self._get_documents_sudo().grouped(
            lambda document: names.get(
                document.replaced_by_id or document, document.name
            )
        )
        return {
            name: [(each.name, each.placement, each.checksum) for each in documents]
            for name, documents in grouped.items()
        }

    @api.model
    def _sum_up_diff(self, diff):
        documents = diff["documents"]
        return [
            *super()._sum_up_diff(diff),
            *(self.env._("New: %s", name) for name in documents["added"]),
            *(self.env._("No longer: %s", name) for name in documents["removed"]),
            *(self.env._("%s changed", name) for name in documents["changed"]),
        ]

    def _prepare_revision_values(self):
        """Let the next version have what this one has, not what is used today."""
        values = super()._prepare_revision_values()
        return {**values, "document_ids": [Command.set(self.document_ids.ids)]}

    @api.model
    def _get_content_dependencies(self):
        return [
            *super()._get_content_dependencies(),
            "document_ids.checksum",
            "document_ids.placement",
            "document_ids.sequence",
        ]

    def _get_content(self):
        """Let customers sign the documents, each by its file and its place."""
        content = super()._get_content()
        # Without any, it is what was signed before there were documents.
        if documents := self.document_ids._in_order():
            content["documents"] = [
                [document.placement, document.checksum] for document in documents
            ]
        return content

    # === Products === #

    @contextmanager
    def _following_products(self):
        """Let the documents follow the products, once a block has changed the lines.

        As a whole: a line that takes the place of another one brings nothing new.
        """
        quotes = self._filter_following()
        former = {
            quote: quote._get_documented_products(quote.line_ids) for quote in quotes
        }
        with quotes._keeping_documents():
            yield
        quotes._follow_products(former)

    @contextmanager
    def _keeping_documents(self):
        """Leave the documents alone while a block changes the lines."""
        field = self._fields["documented_product_ids"]
        with self.env.protecting([field], self):
            yield
        # Whoever has read it meanwhile found nothing, as the ORM does not compute it.
        self.invalidate_recordset([field.name])

    def _filter_following(self):
        """Return the quotes whose documents are to follow their products now.

        They are not where somebody gives the documents, or where a change around this
        one looks at the whole.
        """
        if not self.env["billinator.quote.document"]._get_documented_variants():
            return self.browse()
        given = self.env.protected(self._fields["document_ids"])
        kept = self.env.protected(self._fields["documented_product_ids"])
        return self - given - kept

    def _follow_products(self, former):
        """Add the documents of products that came, drop those of products that left.

        :param dict former: the products with documents that each quote has had
        """
        products = {
            quote: quote._get_documented_products(quote.line_ids) for quote in self
        }
        changed = self.filtered(lambda quote: products[quote] != former[quote])
        for (added, dropped), quotes in changed.grouped(
            lambda quote: quote._get_document_changes(former[quote], products[quote])
        ).items():
            if added or dropped:
                quotes.document_ids = [
                    *map(Command.link, added.ids),
                    *map(Command.unlink, dropped.ids),
                ]

    def _get_document_changes(self, former, products):
        """Return the documents that the quote is to get, and those it is to lose.

        :param former: the products with documents that it has had
        :param products: those that it has now
        """
        Document = self.env["billinator.quote.document"]
        present, template = self.document_ids._origin, self.applied_template_id
        missing = Document._get_of_products(products - former)
        missing -= present._get_latest_sudo()
        unfounded = Document._get_of_products(former - products)
        dropped = present._filter_added(template, products).filtered(
            lambda document: document._get_latest_sudo() <= unfounded
        )
        return missing._filter_for(self), dropped

    @api.model
    def _get_documented_products(self, lines):
        """Return which products of lines have documents."""
        documented = self.env["billinator.quote.document"]._get_documented_variants()
        ids = documented and lines.product_id.ids
        return self.env["product.template"].browse(
            {documented[product_id] for product_id in ids if product_id in documented}
        )

    # === Templates === #

    def _apply_template(self, template, given=None):
        """As a whole, and leave alone the documents that were given."""
        is_given = given and given.get("document_ids")
        with self._keeping_documents() if is_given else self._following_products():
            return super()._apply_template(template, given)

    def _prepare_template_values(self, template):
        """Exchange the former template's documents for those of the new one."""
        values = super()._prepare_template_values(template)
        present, former = self.document_ids._origin, self.applied_template_id
        products = self._get_documented_products(self.line_ids)
        stale = present._filter_added(template, products)
        stale -= present._filter_added(former, products)
        documents = present - stale
        missing = template.document_ids - documents._get_latest_sudo()
        documents |= missing._filter_for(self)
        if documents != present:
            values["document_ids"] = [Command.set(documents.ids)]
        return values

    def _prepare_new_template_values(self):
        values = super()._prepare_new_template_values()
        documents = self.document_ids._get_current(self.company_id)
        products = self._get_documented_products(self.line_ids)
        own_documents = documents._filter_added(self.applied_template_id[:0], products)
        return {**values, "document_ids": [Command.set(own_documents.ids)]}

    def _get_proposed_documents(self, template, products):
        """Return what the quote has by itself with products and a template, or none."""
        self.ensure_one()
        Document = self.env["billinator.quote.document"]
        defaults = Document.browse(Document._get_default_ids(self._get_company().id))
        usual = defaults | template.document_ids | Document._get_of_products(products)
        return usual._filter_for(self)

    # === Sending === #

    def _filter_mailed(self):
        """Return the quotes of these with a mail under way, printed as they are now."""
        scheduled = self.env["mail.scheduled.message"].search(
            Domain("model", "=", self._name)
            & Domain("res_id", "in", self.ids)
            & Domain(
                "notification_parameters", "like", '"billinator_sends_quote": true'
            )
        )
        return self._filter_departing() | self.browse(scheduled.mapped("res_id"))

    def _interrupt_sending(self):
        """Make whoever sends the quotes at this moment print them once more.

        Who has begun waits for them, or has this repeated. Like `_lock_for_sending`,
        this writes the rows for those who come later with an older snapshot.
        """
        wait_and_lock(self)
        self.env.cr.execute(
            SQL(
                "UPDATE billinator_quote SET write_date = write_date"
                " WHERE id = ANY(%s)",
                self.ids,
            ),
            log_exceptions=False,
        )

    # === What customers get === #

    def _get_documents_sudo(self):
        """Return the quote's documents in their order, in sudo mode.

        For whoever may read the quote, its customers as well.
        """
        self.ensure_one()
        self.check_access("read")
        return self.sudo().document_ids._in_order()

    def _has_pages(self):
        """Whether documents are part of the quote's PDF."""
        placements = self._get_documents_sudo().mapped("placement")
        return not {"before", "after"}.isdisjoint(placements)

    def _insert_pages(self, pdf):
        """Return the quote's PDF between the pages that go before and after it.

        :param bytes pdf: the quote alone
        :raise UserError: if one of the documents is damaged
        """
        documents = self._get_documents_sudo().grouped("placement")
        before, after = (
            [document._read_intact_file() for document in documents.get(placement, ())]
            for placement in ("before", "after")
        )
        try:
            return merge_pdf([*before, pdf, *after])
        except Exception as error:
            # Whatever the library meets in files that somebody else has made.
            raise UserError(
                self.env._(
                    "The PDF of quote %s cannot be put together with its documents.",
                    self.name,
                )
            ) from error

    def _process_attachments_for_template_post(self, mail_template):
        """Attach the files beside a quote to mails that bring its PDF."""
        result = super()._process_attachments_for_template_post(mail_template)
        report = self.env.ref("billinator_crm.billinator_quote_report")
        if report not in mail_template.report_template_ids:
            return result
        result = dict(result)
        for quote in self:
            attachments = result.setdefault(quote.id, {}).setdefault("attachments", [])
            attachments += quote._prepare_attachments()
        return result

    def _prepare_attachments(self):
        """Return name and content, in base64, of each file beside the quote."""
        documents = self._get_documents_sudo().filtered(
            lambda document: document.placement == "beside"
        )
        return [
            (filename, base64.b64encode(document._read_intact_file()))
            for document, filename in zip(
                documents, documents._get_filenames(), strict=True
            )
        ]


def is_linking_only(commands):
    """Tell whether commands leave open which other records there are."""
    return isinstance(commands, list) and all(map(is_link, commands))


def is_link(command):
    match command:
        case [Command.LINK | Command.UNLINK, *_]:
            return True
    return False

import base64
import binascii
import hashlib
import io
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date
from odoo.tools.pdf import PdfFileReader, merge_pdf

from odoo.addons.billinator_crm.caches import forget_settings, settings_cache

from .billinator_quote import RELATION
from .product_template import PRODUCT_RELATION

PLACEMENTS = [
    ("before", "Pages before the quote"),
    ("after", "Pages after the quote"),
    ("beside", "File beside the quote"),
]
# What customers see of a document, and signatures are about.
SHOWN = {"file", "name", "placement", "sequence"}
# With several of these, a mail still gets through; in bytes.
MAX_SIZE = 10 * 1024**2


class BillinatorQuoteDocument(models.Model):
    """A PDF that goes with quotes: a company profile, terms, a data sheet.

    What customers have got stays as it was: when a document changes, quotes that are no
    drafts, or whose mail is under way, keep an archived copy of it, which nobody can
    change.
    """

    _name = "billinator.quote.document"
    _description = "Quote Document"
    _inherit = ["billinator.computed.mixin", "billinator.export.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(
        required=True,
        index="trigram",
        help="What customers read on the quote's page.",
    )
    file = fields.Binary(string="PDF", required=True, attachment=True)
    filename = fields.Char()
    checksum = fields.Char(
        compute="_compute_checksum",
        store=True,
        exportable=False,
        help="The SHA-256 of the file.",
    )
    placement = fields.Selection(
        PLACEMENTS,
        required=True,
        default="after",
        help="Pages are part of the quote's PDF. A file beside it is attached to the "
        "email, and can be downloaded from the quote's page.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Leave empty to use the document in all companies.",
    )
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        help="Only for customers of this language. Empty: for all.",
    )
    is_default = fields.Boolean(
        string="On Every Quote", help="New quotes get this document automatically."
    )
    template_ids = fields.Many2many(
        "billinator.quote.template",
        "billinator_quote_template_document_rel",
        "document_id",
        "template_id",
        string="Quote Templates",
        check_company=True,
        help="Quotes get the document together with one of these templates.",
    )
    product_tmpl_ids = fields.Many2many(
        "product.template",
        PRODUCT_RELATION,
        "document_id",
        "product_tmpl_id",
        string="Products",
        # Quotes keep a product that was archived.
        context={"active_test": False},
        help="Quotes get the document together with one of these products, and lose it "
        "with the last of them.",
    )
    replaced_by_id = fields.Many2one(
        "billinator.quote.document",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        help="The document that this one is a former state of, kept for the quotes "
        "that went out with it.",
    )

    _replaced_is_archived = models.Constraint(
        "CHECK(replaced_by_id IS NULL OR NOT active)",
        "A document that was replaced stays archived.",
    )

    # === Computes === #

    @api.depends("file")
    def _compute_checksum(self):
        for document in self:
            # A former state keeps that of the file that customers got: another file in
            # its place is damaged.
            if not document.replaced_by_id:
                content = document._read_file()
                document.checksum = bool(content) and get_checksum(content)

    @api.depends("name", "replaced_by_id")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for document in self.filtered("replaced_by_id"):
            document.display_name = self.env._(
                "%(document)s (until %(day)s)",
                document=document.name,
                day=format_date(self.env, document.create_date),
            )
        return result

    @api.onchange("filename")
    def _onchange_filename(self):
        """Propose the file's name without its ending."""
        if self.filename and not self.name:
            self.name = self.filename.rsplit(".", 1)[0].replace("_", " ")

    # === Constraints === #

    # With the name, which new documents have.
    @api.constrains("name", "file")
    def _check_file(self):
        # A former state is a copy, damaged or not.
        for document in self.filtered(lambda document: not document.replaced_by_id):
            document._check_printable(document._read_file())

    @api.constrains("company_id")
    def _check_quotes_company(self):
        for document in self.filtered("company_id"):
            elsewhere = Domain("company_id", "!=", document.company_id.id)
            if document._find_quotes(elsewhere, limit=1):
                # Of one that the user may not see, perhaps.
                raise ValidationError(
                    self.env._(
                        "“%s” is on quotes of another company already.", document.name
                    )
                )

    @api.constrains("product_tmpl_ids", "company_id")
    def _check_products(self):
        for document in self.filtered("product_tmpl_ids"):
            if document.replaced_by_id:
                raise document._get_replaced_error()
            products, company = document.product_tmpl_ids, document.company_id
            # The company of a document for all is up to the product.
            domain = company and products._check_company_domain(company)
            if domain and products.filtered_domain(domain) != products:
                raise ValidationError(
                    self.env._(
                        "“%s” and one of its products belong to different companies.",
                        document.name,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_settable(*vals_list)
        self._check_encoding(vals_list)
        documents = super().create(vals_list)
        forget_settings(self.env)
        return documents

    def write(self, vals):
        self.check_access("write")
        self._check_settable(vals)
        self._check_encoding([vals])
        self._check_not_replaced(vals)
        self.filtered(lambda document: document._shows_other(vals))._keep_for_quotes()
        result = super().write(vals)
        forget_settings(self.env)
        return result

    def unlink(self):
        self.check_access("unlink")
        result = super(BillinatorQuoteDocument, self | self._get_former()).unlink()
        forget_settings(self.env)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # As sudo: also by a quote that the user may not see, and is told nothing of.
        for document in self:
            if document.sudo()._find_quotes(Domain.TRUE, limit=1):
                raise UserError(
                    self.env._(
                        "There are quotes with “%s”: archive it instead.", document.name
                    )
                )

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {"replaced_by_id"}

    @api.model
    def _get_kept_error(self, label):
        return UserError(self.env._("“%s” of a document cannot be set.", label))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for document, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", document.name)
        return vals_list

    # === Former states === #

    def _check_not_replaced(self, vals):
        """Refuse to change former states, but to upload the same file again."""
        is_upload = vals.keys() <= {"file", "filename"}
        for document in self:
            if document.replaced_by_id and not (
                is_upload and not document._shows_other(vals)
            ):
                raise document._get_replaced_error()

    def _get_replaced_error(self):
        return UserError(
            self.env._(
                "Quotes went out with “%s”, which stays as it was.", self.display_name
            )
        )

    def _shows_other(self, vals):
        """Tell whether values change what customers see."""
        names = SHOWN & vals.keys()
        if "file" in names and decode_checksum(vals["file"]) != self.checksum:
            return True
        return any(self[name] != vals[name] for name in names - {"file"})

    def _keep_for_quotes(self):
        """Leave the documents as they are to the quotes that customers get or have."""
        # As sudo, by write(), which has checked that the user may change the documents:
        # quotes that they may not see show them, too.
        for document_sudo in self.sudo():
            drafts_sudo = document_sudo._find_quotes(Domain("state", "=", "draft"))
            departing_sudo = drafts_sudo._filter_mailed()
            (drafts_sudo - departing_sudo)._interrupt_sending()
            if departing_sudo or document_sudo._find_quotes(
                Domain("state", "!=", "draft"), limit=1
            ):
                document_sudo._hand_over(document_sudo._make_former(), departing_sudo)

    def _make_former(self):
        return self.with_context(bin_size=False).copy(
            {
                "name": self.name,
                "active": False,
                "is_default": False,
                "template_ids": [Command.clear()],
                "product_tmpl_ids": [Command.clear()],
                "replaced_by_id": self.id,
                "checksum": self.checksum,
            }
        )

    def _hand_over(self, former, departing):
        """Let the quotes that are no drafts have another document instead of this one.

        They show the same, so that nothing of them changes.

        :param former: that document
        :param departing: drafts with a mail under way, which are to have it, too
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s relation
                   SET document_id = %s
                  FROM billinator_quote quote
                 WHERE relation.document_id = %s
                   AND quote.id = relation.quote_id
                   AND (quote.state <> 'draft' OR quote.id = ANY(%s))
                """,
                SQL.identifier(RELATION),
                former.id,
                self.id,
                departing.ids,
            )
        )
        self.env["billinator.quote"].invalidate_model(["document_ids"])

    def _get_former(self):
        """Return the former states of the documents."""
        return self.with_context(active_test=False).search(
            [("replaced_by_id", "in", self.ids)]
        )

    def _get_latest_sudo(self):
        """Return the documents as they are today, in sudo mode.

        A former state stays where its quotes are, whichever company its document was
        given to since.
        """
        documents_sudo = self.sudo()
        return documents_sudo.browse().union(
            *(document.replaced_by_id or document for document in documents_sudo)
        )

    def _get_current(self, company):
        """Return what a company uses today of these documents and those replaced."""
        current_sudo = self._get_latest_sudo().filtered(
            lambda document: document.active and document.company_id <= company
        )
        return current_sudo.with_env(self.env)

    def _filter_added(self, template, products):
        """Return what quotes do not have by themselves.

        :param template: the one that is applied to them, or none
        :param products: those of their lines, of which some have documents
        """
        # What was archived came with it as well.
        usual = template.with_context(active_test=False).document_ids
        usual |= self._get_of_products(products)

        def is_usual(document):
            latest_sudo = document._get_latest_sudo()
            return latest_sudo.is_default or latest_sudo <= usual

        return self - self.filtered(is_usual)

    def _find_quotes(self, domain, limit=None):
        """Return quotes of a domain with one of these documents."""
        return self.env["billinator.quote"].search(
            Domain("document_ids", "in", self.ids) & domain, limit=limit
        )

    # === Files === #

    @api.model
    def _check_encoding(self, vals_list):
        for vals in vals_list:
            try:
                base64.b64decode(vals.get("file") or b"")
            except (binascii.Error, TypeError, ValueError) as error:
                raise ValidationError(
                    self.env._("The file of a document has to be sent as base64.")
                ) from error

    def _read_file(self):
        """Return the file as bytes."""
        self.ensure_one()
        # The web client asks for sizes instead of files.
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    def _read_intact_file(self):
        """Return the file as bytes.

        :raise UserError: if it is not the one that was uploaded
        """
        content = self._read_file()
        if get_checksum(content) != self.checksum:
            raise UserError(
                self.env._("The file of the document “%s” is damaged.", self.name)
            )
        return content

    def _check_printable(self, content):
        """Refuse what could not be printed with a quote."""
        self.ensure_one()
        if not content:
            raise ValidationError(self.env._("Upload the PDF of “%s”.", self.name))
        if len(content) > MAX_SIZE:
            raise ValidationError(
                self.env._(
                    "The PDF of “%(document)s” is larger than %(size)s MB: choose a "
                    "smaller one.",
                    document=self.name,
                    size=MAX_SIZE // 1024**2,
                )
            )
        if is_encrypted(content):
            raise ValidationError(
                self.env._(
                    "The PDF of “%s” is protected by a password or against changes: "
                    "save it without.",
                    self.name,
                )
            )
        if not is_printable(content):
            raise ValidationError(
                self.env._("The file of “%s” cannot be read as a PDF.", self.name)
            )

    def _get_filename(self):
        """Return the name that customers get the file by."""
        self.ensure_one()
        return f"{self._get_filename_stem()}.pdf"

    def _get_filenames(self):
        """Return the same of each, with a number where another has that name."""
        filenames = []
        for document in self:
            filename, number = document._get_filename(), 1
            while filename in filenames:
                number += 1
                filename = f"{document._get_filename_stem()} ({number}).pdf"
            filenames.append(filename)
        return filenames

    def _get_filename_stem(self):
        return self.name.replace("/", "-")

    # === What quotes get === #

    @api.model
    @settings_cache("company_id")
    def _get_default_ids(self, company_id):
        # As sudo: what quotes of a company begin with does not depend on who asks.
        return (
            self.sudo()
            .search(
                Domain("is_default", "=", True)
                & Domain("active", "=", True)
                & Domain("company_id", "in", [company_id, False])
            )
            ._ids
        )

    @api.model
    @settings_cache()
    def _get_ids_by_product(self):
        """Return the ids of the documents of each product that has any.

        Archived ones as well, which came with it, but no former states.
        """
        # As sudo: likewise.
        documents_sudo = self.sudo().with_context(active_test=False)
        ids = defaultdict(list)
        for document in documents_sudo.search([("product_tmpl_ids", "!=", False)]):
            for product in document.product_tmpl_ids:
                ids[product.id].append(document.id)
        return dict(ids)

    @api.model
    @settings_cache()
    def _get_documented_variants(self):
        """Return the product of each of its variants: ``{id: id of the template}``.

        Of those that have documents; so nobody has to read the products of a line.
        """
        # As sudo: likewise.
        Product_sudo = self.env["product.product"].sudo()
        variants_sudo = Product_sudo.with_context(active_test=False).search_fetch(
            [("product_tmpl_id", "in", list(self._get_ids_by_product()))],
            ["product_tmpl_id"],
            order="id",
        )
        return {variant.id: variant.product_tmpl_id.id for variant in variants_sudo}

    @api.model
    def _get_of_products(self, products):
        """Return the documents of products, archived ones as well."""
        ids = self._get_ids_by_product()
        return self.browse().union(
            *(self.browse(ids.get(product.id)) for product in products)
        )

    def _filter_for(self, quote):
        """Return those of the documents that new quotes for a customer get.

        :param quote: a ``billinator.quote``
        """
        return self._filter_fitting(quote).filtered("active")

    def _filter_fitting(self, quote):
        """Return those of the documents that are of a quote's company and language.

        :param quote: a ``billinator.quote``
        """
        # As sudo: what shared templates bring other companies is sorted out.
        documents_sudo = self.sudo()
        is_multilingual = any(documents_sudo.mapped("lang"))
        company = quote._get_company()
        language = is_multilingual and quote._get_customers_language()
        fitting_sudo = documents_sudo.filtered(
            lambda document: (
                document.company_id <= company and document.lang in (False, language)
            )
        )
        return fitting_sudo.with_env(self.env)

    def _in_order(self):
        """Return the documents as quotes show them, former states in their place."""
        return self.sorted(
            lambda document: (
                document.sequence,
                (document.replaced_by_id or document).id,
                document.placement,
                document.checksum,
                document.name,
            )
        )


def get_checksum(content):
    return hashlib.sha256(content).hexdigest()


def decode_checksum(file):
    """Return the checksum of a file in base64."""
    return get_checksum(base64.b64decode(file or b""))


def is_encrypted(content):
    try:
        return PdfFileReader(io.BytesIO(content), strict=False).isEncrypted
    except Exception:
        # Is told of as unreadable.
        return False


def is_printable(content):
    """Tell whether the pages of a PDF can be put into another one."""
    if b"%PDF-" not in content[:1024]:
        return False
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        return reader.getNumPages() > 0 and bool(merge_pdf([content]))
    except Exception:
        # The library raises whatever it meets in a file that somebody else has made.
        return False

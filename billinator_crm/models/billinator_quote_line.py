from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..arguments import as_id, parse
from ..exceptions import refusing_values

DISPLAY_TYPES = [
    ("line_section", "Section"),
    ("line_subsection", "Subsection"),
    ("line_note", "Note"),
]
# How deep a heading is; the lines below it are deeper.
LEVELS = {"line_section": 0, "line_subsection": 1}
PRICES = {"price_unit", "discount"}
PRICED_BY = {"product_id", "product_uom_id", "quantity"}
# What a new line has from its product where nothing else is said.
FILLED_IN = {"name", "product_uom_id", "quantity", *PRICES}
AMOUNTS = ("price_subtotal", "price_tax", "price_total")
# What the pricelist gave, which lines note.
NOTED = {"pricelist_price_unit", "pricelist_discount"}
# What nobody changes on a closed quote. Whoever extends the constraint repeats it, for
# of a method the ORM takes the last decorator only.
FROZEN_FIELDS = (
    "quote_id",
    "sequence",
    "display_type",
    "product_id",
    "name",
    "quantity",
    "product_uom_id",
    "price_unit",
    "discount",
    "tax_ids",
    "extra_tax_data",
    "is_optional",
    "is_selected",
    "collapse_prices",
    "collapse_composition",
)


class BillinatorQuoteLine(models.Model):
    """A product on a quote, or a section, subsection or note between products."""

    _name = "billinator.quote.line"
    _description = "Quote Line"
    _inherit = [
        "analytic.mixin",
        "billinator.computed.mixin",
        "billinator.numbers.mixin",
        "billinator.reading.mixin",
        "billinator.reference.mixin",
    ]
    _order = "quote_id, sequence, id"
    _rec_names_search = ["name", "quote_id.name"]
    _check_company_auto = True

    # === Fields === #

    quote_id = fields.Many2one(
        "billinator.quote",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    display_type = fields.Selection(DISPLAY_TYPES)
    company_id = fields.Many2one(
        related="quote_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="quote_id.currency_id", store=True, precompute=True
    )

    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('sale_ok', '=', True), ('type', '!=', 'combo')]",
    )
    name = fields.Text(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    customers_product_name = fields.Char(
        compute="_compute_customers_product_name",
        # As the names of all records that are referred to are read.
        compute_sudo=True,
        exportable=False,
    )
    quantity = fields.Float(
        compute="_compute_quantity",
        store=True,
        readonly=False,
        precompute=True,
        digits="Product Unit",
        required=True,
    )
    product_uom_id = fields.Many2one(
        "uom.uom",
        string="Unit",
        compute="_compute_product_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        domain="[('id', 'in', allowed_uom_ids)]",
    )
    allowed_uom_ids = fields.Many2many("uom.uom", compute="_compute_allowed_uom_ids")
    pricelist_item_id = fields.Many2one(
        "product.pricelist.item",
        compute="_compute_pricelist_item_id",
        compute_sudo=True,
        exportable=False,
    )
    price_unit = fields.Float(
        string="Unit Price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        precompute=True,
        min_display_digits="Product Price",
        required=True,
    )
    pricelist_price_unit = fields.Float(
        compute="_compute_price_unit",
        store=True,
        precompute=True,
        copy=False,
        help="The price that the pricelist gave. A line with another one keeps it "
        "when its quantity changes: it was set by hand.",
    )
    discount = fields.Float(
        string="Discount (%)",
        compute="_compute_discount",
        store=True,
        readonly=False,
        precompute=True,
        digits="Discount",
    )
    pricelist_discount = fields.Float(
        compute="_compute_discount",
        store=True,
        precompute=True,
        copy=False,
        digits="Discount",
        help="The discount that the pricelist gave. A line with another one keeps it "
        "when its quantity changes: it was set by hand.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        context={"active_test": False, "hide_original_tax_ids": True},
        domain="[('type_tax_use', '=', 'sale'), ('country_id', '=', tax_country_id)]",
    )
    tax_country_id = fields.Many2one(related="quote_id.tax_country_id")
    is_optional = fields.Boolean(
        string="Optional",
        help="The customer may take this line or leave it. It counts when selected.",
    )
    is_selected = fields.Boolean(
        string="Selected", help="Whether an optional line is part of the quote."
    )
    collapse_prices = fields.Boolean()
    collapse_composition = fields.Boolean()
    extra_tax_data = fields.Json(
        help="What the taxes' helpers note on lines that they make, such as a global "
        "discount's: the exact taxes of their share in the document.",
    )

    price_subtotal = fields.Monetary(
        string="Subtotal", compute="_compute_amounts", store=True, precompute=True
    )
    price_tax = fields.Monetary(
        string="Tax", compute="_compute_amounts", store=True, precompute=True
    )
    price_total = fields.Monetary(
        string="Total", compute="_compute_amounts", store=True, precompute=True
    )

    # === Constraints === #

    _product_or_text = models.Constraint(
        "CHECK(display_type IS NULL OR (product_id IS NULL AND price_unit = 0"
        " AND quantity = 0 AND product_uom_id IS NULL))",
        "Sections and notes carry a text, but neither product, quantity nor price.",
    )
    _discount_range = models.Constraint(
        "CHECK(discount BETWEEN 0 AND 100)",
        "A discount is a percentage: choose a value from 0 to 100.",
    )

    # === Computes === #

    @api.depends("product_id")
    def _compute_name(self):
        for line in self:
            product = line.product_id
            if product:
                lang = line.quote_id._get_customers_language()
                product = product.with_context(lang=lang)
                line.name = product.get_product_multiline_description_sale()
            else:
                line.name = line.name

    @api.depends_context("lang")
    @api.depends(
        "product_id",
        "quote_id.partner_id.lang",
        "quote_id.contact_id.person_id.lang",
    )
    def _compute_customers_product_name(self):
        """Tell what descriptions begin with, where the user reads another language."""
        for quote, lines in self.grouped("quote_id").items():
            lang = quote._get_customers_language()
            if lang == self.env.lang:
                lines.customers_product_name = False
                continue
            for line in lines:
                product = line.product_id.with_context(lang=lang)
                line.customers_product_name = product.display_name

    @api.depends("display_type")
    def _compute_quantity(self):
        for line in self:
            line.quantity = 0.0 if line.display_type else line.quantity or 1.0

    @api.depends("product_id")
    def _compute_product_uom_id(self):
        for line in self:
            line.product_uom_id = line.product_id.uom_id

    @api.depends("product_id")
    def _compute_allowed_uom_ids(self):
        # Most products have the same units, and it takes a while to give them out.
        for uoms, lines in self.grouped(lambda line: line._get_uoms()).items():
            lines.allowed_uom_ids = uoms

    @api.depends(
        "product_id",
        "product_uom_id",
        "quantity",
        "quote_id.pricelist_id",
        "quote_id.date_quote",
    )
    def _compute_pricelist_item_id(self):
        """Look once for what both price and discount follow."""
        rules = self._get_pricelist_rules()
        for line in self:
            line.pricelist_item_id = rules[line]

    @api.depends("product_id", "product_uom_id", "quantity")
    def _compute_price_unit(self):
        # The rules of these lines only, and not of all that the quote has.
        for line in self.with_prefetch():
            if line.display_type or not line.product_id:
                line.price_unit = 0.0 if line.display_type else line.price_unit
                line.pricelist_price_unit = 0.0
                continue
            price = line._get_price(line.pricelist_item_id)
            by_hand = line.price_unit != line.pricelist_price_unit
            line.price_unit = line.price_unit if by_hand else price
            line.pricelist_price_unit = price

    @api.depends("product_id", "product_uom_id", "quantity")
    def _compute_discount(self):
        for line in self.with_prefetch():
            discount = line._get_pricelist_discount(line.pricelist_item_id)
            by_hand = line.discount != line.pricelist_discount
            line.discount = line.discount if by_hand else discount
            line.pricelist_discount = discount

    @api.depends("product_id")
    def _compute_tax_ids(self):
        # Together: Odoo reads what they have before.
        for key, lines in self.grouped(lambda line: line._get_taxes_key()).items():
            lines.tax_ids = key and lines.quote_id._get_product_taxes(
                lines[:1].product_id
            )

    @api.depends(
        "quantity",
        "price_unit",
        "discount",
        "tax_ids",
        "extra_tax_data",
        "currency_id",
    )
    def _compute_amounts(self):
        Tax = self.env["account.tax"]
        for company, lines in self.grouped(
            lambda line: line.company_id or self.env.company
        ).items():
            base_lines = [
                line._prepare_base_line_for_taxes_computation() for line in lines
            ]
            Tax._add_tax_details_in_base_lines(base_lines, company)
            # All at once is quicker, and a line's totals do not depend on the others:
            # what rounding leaves over goes to the single taxes, and beside the totals.
            Tax._round_base_lines_tax_details(base_lines, company)
            for line, base_line in zip(lines, base_lines, strict=True):
                details = base_line["tax_details"]
                line.price_subtotal = details["total_excluded_currency"]
                line.price_total = details["total_included_currency"]
                line.price_tax = line.price_total - line.price_subtotal

    @api.depends("quote_id", "name")
    def _compute_display_name(self):
        for line in self:
            text = (line.name or "").split("\n", 1)[0]
            line.display_name = f"{line.quote_id.name} - {text}"

    # === Checks === #

    @api.constrains(*FROZEN_FIELDS)
    def _check_quote_editable(self):
        self.quote_id._check_editable()

    @api.constrains("name")
    def _check_name(self):
        for line in self:
            if not (line.name or "").strip():
                raise ValidationError(
                    self.env._("Every line of a quote needs a product or a text.")
                )

    @api.onchange("product_id")
    def _onchange_product_id(self):
        self._follow_pricelist(PRICES)

    def _check_company(self, fnames=None):
        """Let lines fit the company of another quote that they come to."""
        moved = fnames and "quote_id" in fnames
        fnames = None if moved else fnames
        if self._fit_companies(fnames or self._fields):
            return None
        with refusing_values():
            return super()._check_company(fnames)

    def _fit_companies(self, names):
        """Whether what lines refer to is their company's, asked once and not by line.

        :param names: of fields, some of which name records of companies
        """
        checked = [
            field
            for field in map(self._fields.get, names)
            if field.relational and field.check_company
        ]
        for company, lines in self.sudo().grouped("company_id").items():
            for field in checked:
                records = lines[field.name].with_context(active_test=False)
                domain = records._check_company_domain(company)
                if records.filtered_domain(domain) != records:
                    return False
        return True

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Let what is empty, an import's blank cell, follow from the product."""
        lines = super().create(
            [
                {
                    name: value
                    for name, value in vals.items()
                    # The number 0 is a value.
                    if name not in FILLED_IN or not (value is None or value is False)
                }
                for vals in vals_list
            ]
        )
        lines._recompute_given_away()
        return lines

    def _recompute_given_away(self):
        """Compute the amounts of new lines without price or discount, but with a rule.

        A zero is as good as no value when they are computed before the creation: they
        are those of the pricelist then.
        """
        given_away = self.filtered(
            lambda line: any(
                not line[name] and line[f"pricelist_{name}"] for name in PRICES
            )
        )
        for name in AMOUNTS:
            self.env.add_to_compute(self._fields[name], given_away)
        given_away.modified(AMOUNTS)

    def write(self, vals):
        if "quote_id" in vals:
            # The quote that the lines leave; the one they come to is checked after.
            self._check_quote_editable()
        exchanged = self.filtered(
            lambda line: (
                line.product_id.id != vals.get("product_id", line.product_id.id)
            )
        )
        result = super().write(vals)
        if not vals.get("product_uom_id", True):
            self._take_products_units()
        if "quote_id" in vals:
            self.quote_id.check_access("write")
        if PRICED_BY & vals.keys() and PRICES & vals.keys():
            self._note_pricelist()
        exchanged._follow_pricelist(PRICES - vals.keys())
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_not_editable(self):
        self.quote_id._check_editable()

    # === Business === #

    def _is_priced(self):
        """Whether the line counts for the quote's totals and on its invoice."""
        self.ensure_one()
        return not self.display_type and (self.is_selected or not self.is_optional)

    def _take_products_units(self):
        lines = self.filtered(lambda line: line.product_id and not line.product_uom_id)
        for uom, same in lines.grouped(lambda line: line.product_id.uom_id).items():
            same.product_uom_id = uom

    def _get_uom(self):
        """Return the unit; while it is cleared in the form, that of the product."""
        return self.product_uom_id or self.product_id.uom_id

    def _get_uoms(self):
        # Of the template itself: what products inherit is computed one by one.
        template = self.product_id.product_tmpl_id
        return template.uom_id | template.uom_ids

    def _get_currency(self):
        return (
            self.currency_id
            or self.quote_id.currency_id
            or self.env.company.currency_id
        )

    def _get_pricelist_arguments(self, rule):
        return {
            "quantity": self.quantity or 1.0,
            "uom": self._get_uom(),
            "date": self.quote_id.date_quote,
            # Odoo takes a rule's amounts to be in whatever currency it is asked for.
            "currency": rule.currency_id or self._get_currency(),
        }

    def _get_taxes_key(self):
        """Return what the lines' taxes follow from, or False for texts."""
        self.ensure_one()
        product = self.product_id
        return not self.display_type and (self.quote_id, product and product.taxes_id)

    def _get_pricelist_rules(self):
        """Return the rule, perhaps none, that prices each line: ``{line: rule}``."""
        no_rule = self.env["product.pricelist.item"]
        rules = dict.fromkeys(self, no_rule)
        priced = self.filtered(lambda line: line.product_id)
        for (pricelist, date), lines in priced.grouped(
            lambda line: (line.quote_id.pricelist_id, line.quote_id.date_quote)
        ).items():
            if not pricelist:
                continue
            candidates = pricelist._get_applicable_rules(lines.product_id, date)
            for line in lines:
                product = line.product_id
                quantity = line._get_uom()._compute_quantity(
                    line.quantity or 1.0, product.uom_id, raise_if_failure=False
                )
                rules[line] = next(
                    (
                        rule
                        for rule in candidates
                        if rule._is_applicable_for(product, quantity)
                    ),
                    no_rule,
                )
        return rules

    def _get_price(self, rule):
        """Return the unit price by pricelist rule, currency and fiscal position.

        Where the pricelist shows its discounts, it is the price before them. Taxes
        included in the product's price are taken out or exchanged when the fiscal
        position maps them to others.
        """
        line, rule = self._with_rates_of_company(rule)
        arguments = line._get_pricelist_arguments(rule)
        price = rule._compute_price(line.product_id, **arguments)
        if line._is_discount_shown(rule):
            # A surcharge is part of the price, and no negative discount.
            price = max(
                price, rule._compute_price_before_discount(line.product_id, **arguments)
            )
        price = line.quote_id._convert_price(price, arguments["currency"])
        taxes = line.product_id.taxes_id._filter_taxes_by_company(line.company_id)
        # In a form, taxes have no ids of their own.
        is_kept = line.tax_ids._origin == taxes._origin
        if is_kept or not all(taxes.mapped("price_include")):
            # The price stays; mapping the taxes would read much to find that out. Who
            # keeps the product's taxes under a new fiscal position keeps its price.
            return price
        return line.product_id._get_tax_included_unit_price_from_price(
            price,
            product_taxes=taxes,
            fiscal_position=line.quote_id.fiscal_position_id,
        )

    def _with_rates_of_company(self, rule):
        """Return line and rule as their company has prices and rates."""
        return self.with_company(self.company_id), rule.with_company(self.company_id)

    @api.model
    def _is_discount_shown(self, rule):
        """Whether the customer sees what ``rule`` takes off the price."""
        return rule.compute_price == "percentage"

    def _get_pricelist_discount(self, rule):
        """Return the discount, in percent, that ``rule`` gives and shows."""
        if not self._is_discount_shown(rule):
            return 0.0
        line, rule = self._with_rates_of_company(rule)
        arguments = line._get_pricelist_arguments(rule)
        before = rule._compute_price_before_discount(line.product_id, **arguments)
        price = rule._compute_price(line.product_id, **arguments)
        return max(0.0, (before - price) / before * 100) if before > 0 else 0.0

    def _note_pricelist(self):
        """Note what the pricelist gives for lines whose own price was written.

        The ORM computes no field whose compute has another field that is written, and
        forms write the quantity and the price that follows from it together.
        """
        rules = self._get_pricelist_rules()
        for line in self.filtered("product_id"):
            # As sudo: nobody sets what the pricelist gives.
            line.sudo().write(
                {
                    "pricelist_price_unit": line._get_price(rules[line]),
                    "pricelist_discount": line._get_pricelist_discount(rules[line]),
                }
            )

    def _follow_pricelist(self, names):
        """Take these of price and discount from the pricelist, not from before."""
        for line in self.filtered("product_id"):
            line.update({name: line[f"pricelist_{name}"] for name in names})

    def _reset_prices(self):
        """Compute prices, discounts and taxes anew, those set by hand as well."""
        lines = self.filtered("product_id")
        # The pricelist itself may have changed.
        lines.invalidate_recordset(["pricelist_item_id"])
        lines.check_access("write")
        # As sudo: nobody sets what the pricelist gave.
        lines.sudo().write(
            {
                "price_unit": 0.0,
                "pricelist_price_unit": 0.0,
                "discount": 0.0,
                "pricelist_discount": 0.0,
            }
        )
        for name in PRICES:
            self.env.add_to_compute(self._fields[name], lines)
        self.env.add_to_compute(self._fields["tax_ids"], self.quote_id._get_own_lines())

    def _get_discounted_price(self):
        self.ensure_one()
        return self.price_unit * (1 - self.discount / 100)

    def _get_income_account(self):
        """Return the account that the line's invoice line will have."""
        # Salespeople do not see accounts; this one only groups lines for taxes.
        product_sudo = self.product_id.sudo().with_company(self.company_id)
        accounts = product_sudo.product_tmpl_id.get_product_accounts(
            self.quote_id.fiscal_position_id
        )
        return accounts["income"]

    def _prepare_base_line_for_taxes_computation(self):
        """Return the line as the taxes' helpers of ``account.tax`` read it."""
        self.ensure_one()
        quote = self.quote_id
        company = quote.company_id or self.env.company
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            self,
            partner_id=quote.partner_id,
            currency_id=quote.currency_id or company.currency_id,
            rate=quote.currency_rate,
        )

    def _prepare_invoice_line_values(self):
        """Return the values of the line's copy on an invoice."""
        self.ensure_one()
        if self.display_type:
            return {
                "display_type": self.display_type,
                "sequence": self.sequence,
                "name": self.name,
                "collapse_prices": self.collapse_prices,
                "collapse_composition": self.collapse_composition,
            }
        values = {
            "display_type": "product",
            "sequence": self.sequence,
            "name": self.name,
            "product_id": self.product_id.id,
            "product_uom_id": self.product_uom_id.id,
            "quantity": self.quantity,
            "price_unit": self.price_unit,
            "discount": self.discount,
            "tax_ids": [Command.set(self.tax_ids.ids)],
            "extra_tax_data": self.extra_tax_data,
        }
        if self.analytic_distribution:
            values["analytic_distribution"] = self.analytic_distribution
        if self.tax_ids and self.currency_id == self.company_id.currency_id:
            # The taxes' computation, which has the last word, writes each line whose
            # amount was not foreseen.
            values["amount_currency"] = values["balance"] = -self.price_subtotal
        return values

    # === Document === #

    def _is_below(self, heading):
        """Whether the line, coming after the section ``heading``, is a part of it."""
        self.ensure_one()
        level = LEVELS.get(self.display_type, len(LEVELS))
        return LEVELS[heading.display_type] < level

    def _prepare_document_row(self, headings):
        """Return the line's row below the rows of its sections."""
        self.ensure_one()
        is_bundle = self.display_type in LEVELS and self.collapse_composition
        kind = (self.display_type or "product").removeprefix("line_")
        hidden = any(heading["line"].collapse_prices for heading in headings)
        includes_taxes = self.quote_id.company_price_include == "tax_included"
        return {
            "line": self,
            "kind": "bundle" if is_bundle else kind,
            "indent": len(headings),
            "has_price": kind != "note" and not hidden,
            "tax_ids": self.tax_ids,
            "amount": self.price_total if includes_taxes else self.price_subtotal,
        }

    # === Product catalog === #

    @api.readonly
    def action_add_from_catalog(self):
        """Open the product catalog of the quote in the context's ``order_id``.

        :return: a window action
        """
        order_id = self.env.context.get("order_id")
        quote = self.env["billinator.quote"].browse(
            parse(self.env, "order_id", as_id, order_id)
        )
        return quote.action_add_from_catalog()

    def _get_product_catalog_lines_data(self, **kwargs):
        """Return what the catalog shows of one product's lines in ``self``."""
        if not self:
            return {"quantity": 0}
        return {
            "quantity": sum(self.mapped("quantity")),
            "price": self[0]._get_discounted_price(),
            # The catalog changes one line, and cannot choose among several.
            "readOnly": len(self) > 1 or self.quote_id._is_readonly(),
            "uomDisplayName": self[0].product_uom_id.display_name,
        }

from odoo import api, models

from .billinator_quote_line import LEVELS
from .billinator_quote_version import to_plain

# What is longer may not fit on a small page with large company headers.
MAX_LINES_BELOW_HEADER = 20


class BillinatorQuote(models.Model):
    """What the customer gets to read: the quote as a document."""

    _inherit = "billinator.quote"

    def _get_document_rows(self):
        """Return the rows of what counts for the total; see ``_prepare_rows``."""
        return self._prepare_rows(self._get_lines_to_invoice())

    @api.model
    def _prepare_rows(self, lines):
        """Return the rows of a quote's lines, for its PDF and for its page.

        :param lines: in order
        :return: list of dicts: ``line``; ``kind``, one of ``section``, ``subsection``,
            ``note``, ``product``, and ``bundle`` (a section whose content is not
            shown); ``indent`` (0 to 2); ``amount`` (in the quote's currency, with taxes
            where the company's prices include them), ``tax_ids``, and ``has_price``,
            whether these two are to be shown
        """
        rows, headings = [], []
        for line in lines:
            headings = [row for row in headings if line._is_below(row["line"])]
            row = line._prepare_document_row(headings)
            if not any(heading["kind"] == "bundle" for heading in headings):
                rows.append(row)
            for heading in headings:
                heading["amount"] += row["amount"]
                heading["tax_ids"] |= row["tax_ids"]
            if line.display_type in LEVELS:
                headings.append(row)
        return rows

    def _get_option_rows(self):
        """Return the rows of what the customer may add; see ``_prepare_rows``.

        Each has its own price, which no section sums up or hides.
        """
        self.ensure_one()
        rows, section = [], None
        notes = self._get_notes_on_options(lambda line: line._is_priced())
        for line in self.line_ids.sorted():
            if line.display_type == "line_section":
                section = line
            elif line in notes or (not line.display_type and not line._is_priced()):
                if section:
                    row = section._prepare_document_row([])
                    rows.append({**row, "kind": "section", "has_price": False})
                    section = None
                rows.append(line._prepare_document_row([]))
        return rows

    @api.model
    def _has_long_text(self, rows, line_length):
        """Whether a row of the PDF may be too long for a page with a repeated header.

        :param int line_length: after how many characters texts wrap
        """
        return any(
            sum(len(part) // line_length + 1 for part in row["line"].name.split("\n"))
            > MAX_LINES_BELOW_HEADER
            for row in rows
        )

    def _get_offered_down_payments(self):
        """Return the down payments that the customer reads of, in order.

        :return: list of dicts of plain values: ``name`` (False without one),
            ``percentage``, ``fixed_amount`` and ``amount``
        """
        self.ensure_one()
        rows = self.installment_ids.sorted()
        return [to_plain(row, row._get_content_fields()) for row in rows]

    def _get_report_base_filename(self):
        """Return the PDF's name, which the portal uses, too, in the customer's words.

        Without the number's slash, of which programs make a folder or an underscore.
        """
        self.ensure_one()
        quote = self.with_context(lang=self._get_customers_language())
        return quote.env._("Quote %s", self.name.replace("/", "-"))

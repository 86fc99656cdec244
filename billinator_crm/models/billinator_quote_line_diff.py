from collections import defaultdict, deque

from odoo import models

from .billinator_quote_diff import format_value

# By what a line is the same in another version; the surest first.
SAMENESS = (
    lambda line: line._get_origin().id,
    lambda line: (line.display_type, line.product_id.id, line.name),
    lambda line: line.product_id.id or (line.display_type, line.name),
)


class BillinatorQuoteLine(models.Model):
    """The same line in one version of a quote and in another."""

    _inherit = "billinator.quote.line"

    def _match_lines(self, others):
        """Pair the lines with those of another version.

        :param others: the lines of the other version
        :return: list of tuples ``(other, line)`` in the order of the lines, followed
            by the others that have no line; where there is none it is empty
        """
        pairs, rest = {}, list(others.sorted())
        for get_key in SAMENESS:
            waiting = defaultdict(deque)
            for other in rest:
                waiting[get_key(other)].append(other)
            for line in self.sorted():
                if line not in pairs and (same := waiting[get_key(line)]):
                    pairs[line] = same.popleft()
            rest = [other for others in waiting.values() for other in others]
        none = self.browse()
        return [(pairs.get(line, none), line) for line in self.sorted()] + [
            (other, none) for other in rest
        ]

    def _describe_line(self):
        self.ensure_one()
        names = ("quantity", "price_unit", "discount", "price_subtotal")
        return {
            "id": self.id,
            "display_type": self.display_type,
            "description": self.name,
            "product_id": self.product_id.id,
            **{name: self[name] for name in names},
            "text": self._sum_up(),
        }

    def _sum_up(self):
        title = self.name.split("\n", 1)[0]
        if self.display_type:
            return title
        return self.env._(
            "%(line)s, %(quantity)s x %(price)s",
            line=title,
            quantity=format_value(self, "quantity"),
            price=format_value(self, "price_unit"),
        )

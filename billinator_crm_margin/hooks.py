from odoo.tools import SQL, sql

# With a column that is there already, Odoo does not compute a field record by record.
COLUMNS = {
    "billinator_quote_line": {
        "purchase_price": "numeric",
        "margin": "numeric",
        "margin_percent": "numeric",
    },
    "billinator_quote": {
        "margin": "numeric",
        "margin_company": "numeric",
        "margin_percent": "numeric",
    },
}
# What the fields compute, for the quotes of a company that there are already.
FILL_LINES = """
    WITH costs AS (
        SELECT line.id,
               COALESCE(
                   %(cost)s * uom.factor / products_uom.factor * quote.currency_rate, 0
               ) AS cost,
               currency.rounding
          FROM billinator_quote_line line
          JOIN billinator_quote quote ON quote.id = line.quote_id
          JOIN res_currency currency ON currency.id = quote.currency_id
     LEFT JOIN product_product product ON product.id = line.product_id
     LEFT JOIN product_template template ON template.id = product.product_tmpl_id
     LEFT JOIN uom_uom products_uom ON products_uom.id = template.uom_id
     LEFT JOIN uom_uom uom ON uom.id = COALESCE(line.product_uom_id, template.uom_id)
         WHERE quote.company_id = %(company_id)s
    ), margins AS (
        SELECT costs.*,
               ROUND(
                   (price_subtotal - cost * quantity) / rounding
               ) * rounding AS margin
          FROM costs
          JOIN billinator_quote_line line ON line.id = costs.id
    )
    UPDATE billinator_quote_line line
       SET purchase_price = cost,
           margin = margins.margin,
           margin_percent = CASE WHEN line.price_unit > 0 THEN COALESCE(
               ROUND(margins.margin / NULLIF(price_subtotal, 0) * 100, 2), 0
           ) ELSE 0 END
      FROM margins
     WHERE margins.id = line.id
"""
FILL_QUOTES = """
    WITH costs AS (
        SELECT quote.id,
               COALESCE(SUM(line.purchase_price * line.quantity), 0) AS cost
          FROM billinator_quote quote
     LEFT JOIN billinator_quote_line line
            ON line.quote_id = quote.id
           AND line.display_type IS NULL
           AND (line.is_selected OR line.is_optional IS NOT TRUE)
      GROUP BY quote.id
    ), margins AS (
        SELECT quote.id,
               ROUND((amount_untaxed - cost) / currency.rounding) * currency.rounding
               AS margin,
               ROUND(
                   (
                       amount_untaxed_company
                       - cost / COALESCE(NULLIF(currency_rate, 0), 1)
                   ) / own.rounding
               ) * own.rounding AS margin_company
          FROM billinator_quote quote
          JOIN costs ON costs.id = quote.id
          JOIN res_currency currency ON currency.id = quote.currency_id
          JOIN res_company company ON company.id = quote.company_id
          JOIN res_currency own ON own.id = company.currency_id
    )
    UPDATE billinator_quote quote
       SET margin = margins.margin,
           margin_company = margins.margin_company,
           margin_percent = COALESCE(
               ROUND(margins.margin / NULLIF(amount_untaxed, 0) * 100, 2), 0
           )
      FROM margins
     WHERE margins.id = quote.id
"""


def pre_init_hook(env):
    for table, columns in COLUMNS.items():
        for name, column_type in columns.items():
            if not sql.column_exists(env.cr, table, name):
                sql.create_column(env.cr, table, name, column_type)


def post_init_hook(env):
    """Tell the costs and margins of quotes that are there, by today's costs."""
    env.flush_all()
    for company in env["res.company"].with_context(active_test=False).search([]):
        Product = env["product.product"].with_company(company)
        cost = Product._field_to_sql("product", "standard_price")
        env.cr.execute(SQL(FILL_LINES, cost=cost, company_id=company.id))
    env.cr.execute(SQL(FILL_QUOTES))
    env.invalidate_all()


def uninstall_hook(env):
    """Leave no rule that asks for nothing, nor a quote waiting for that."""
    Rule = env["billinator.approval.rule"].with_context(active_test=False)
    rules = Rule.search([("min_margin", ">", 0)])
    pointless = rules.filtered(lambda rule: not (rule.max_discount or rule.max_total))
    pointless.unlink()
    (rules - pointless).min_margin = 0

from datetime import timedelta

from fastapi import HTTPException

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.billinator_crm.tests.common import (
    BillinatorCommon,
    BillinatorInvoicingCommon,
)

from ..models import billinator_external_reference as reference_module
from ..routers.bulk import create_each
from ..routers.contacts import CONTACTS
from ..routers.customers import CUSTOMERS
from ..routers.opportunities import OPPORTUNITIES
from ..routers.quotes import QUOTES
from ..routers.taxes import TAXES, get_rated_domain
from ..schemas.contact import ContactCreate
from ..schemas.customer import CustomerCreate
from ..schemas.opportunity import OpportunityCreate
from ..schemas.quote import QuoteCreate, QuoteUpdate

MANY = 50


@tagged("post_install", "-at_install")
class TestResourceQueries(BillinatorInvoicingCommon):
    """Fifty items, or fifty records, take as many queries as one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["billinator.tag"].create(
            [{"name": f"Tag {number}"} for number in range(MANY)]
        )

    def _count(self, work):
        """Return how many queries ``work`` takes with a cold cache, the second time."""
        for _twice in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            work()
            self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _make_items(self, count):
        return [
            {
                "product_id": (self.product_a, self.product_b)[number % 2].id,
                "description": f"Item {number}",
                "quantity": 2,
                "unit_price": 10.0 + number,
                "tax_rate": self.company_data["default_tax_sale"].amount,
            }
            for number in range(count)
        ]

    def _make_quote(self, items=1, **values):
        return QuoteCreate(
            customer_id=self.customer.id, items=self._make_items(items), **values
        )

    def test_items_of_a_quote(self):
        one, many = (
            self._count(lambda n=n: QUOTES.upsert(self.env, self._make_quote(n)))
            for n in (1, MANY)
        )
        self.assertLessEqual(many, one)

    def test_all_items_put_back(self):
        """With other values for each, and as they are."""
        one, many = (
            QUOTES.upsert(self.env, self._make_quote(n))[0]["id"] for n in (1, MANY)
        )
        for change in (
            {},
            {"unit_price": 0.5},
            {"quantity": 1},
            {"quantity": 1, "unit_price": 1.0},
            {"description": " again"},
        ):
            counts = [
                self._count(lambda q=q, c=change: self._put_back(q, **c))
                for q in (one, many)
            ]
            with self.subTest(**change):
                self.assertLessEqual(counts[1], counts[0])

    def test_what_the_pricelist_gives_is_noted(self):
        """A line with a price of its own keeps it, whatever is changed later."""
        quote_id = QUOTES.upsert(self.env, self._make_quote(3))[0]["id"]
        lines = self.env["billinator.quote"].browse(quote_id).line_ids
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Many",
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "fixed",
                            "fixed_price": 7.0,
                            "min_quantity": 3,
                        }
                    )
                ],
            }
        )
        lines.quote_id.pricelist_id = self.customer.property_product_pricelist
        self._put_back(quote_id, quantity=1)
        self.assertEqual(lines.mapped("quantity"), [3.0] * 3)
        self.assertEqual(lines.mapped("price_unit"), [10.0, 11.0, 12.0])
        self.assertEqual(lines.mapped("pricelist_price_unit"), [7.0] * 3)

    def _put_back(self, quote_id, **more):
        items = QUOTES.show(self.env, quote_id)["items"]
        for item in items:
            item.update({name: item[name] + more[name] for name in more})
        QUOTES.change(self.env, quote_id, QuoteUpdate(items=items))

    def test_many_quotes(self):
        self._assert_constant(
            QUOTES,
            lambda number: self._make_quote(status="SENT", tags=[f"TAG {number}"]),
        )

    def test_many_opportunities(self):
        self._assert_constant(
            OPPORTUNITIES,
            lambda number: OpportunityCreate(
                title="Deal",
                customer_id=self.customer.id,
                stage=("LEAD", "PROPOSAL")[number % 2],
                source=f"Source {number}",
                tags=[f"Tag {number}"],
            ),
        )

    def test_many_contacts(self):
        people = self.env["res.partner"].create(
            [{"name": f"Ann {number}"} for number in range(2 * MANY + 2)]
        )
        ids = iter(people.ids)
        self._assert_constant(
            CONTACTS,
            lambda number: ContactCreate(
                customer_id=self.customer.id, person_id=next(ids), role="USER"
            ),
        )

    def _assert_constant(self, resource, make):
        def create(count):
            data_list = [make(number) for number in range(count)]
            resource.read_many(resource.create_many(self.env, data_list))

        one, many = (self._count(lambda n=n: create(n)) for n in (1, MANY))
        self.assertLessEqual(many, one)


@tagged("post_install", "-at_install")
class TestResourceReferences(BillinatorInvoicingCommon):
    """What clients name is looked up for all at once, and told apart by its place."""

    def test_each_gets_what_it_names(self):
        deals = OPPORTUNITIES.create_many(
            self.env,
            [
                OpportunityCreate(
                    title=f"Deal {number}",
                    customer_id=(self.customer, self.partner_b)[number].id,
                    stage=("LEAD", "WON")[number],
                    source=("Fair", "FAIR")[number],
                )
                for number in range(2)
            ],
        )
        self.assertEqual(deals.partner_id, self.customer + self.partner_b)
        self.assertEqual(deals.mapped("stage_id.code"), ["LEAD", "WON"])
        self.assertEqual(len(deals.source_id), 1)
        self.assertEqual(deals.source_id.name, "FAIR")

    def test_the_wrong_item_is_named(self):
        quote, _is_new = QUOTES.upsert(
            self.env,
            QuoteCreate(customer_id=self.customer.id, items=[{"description": "First"}]),
        )
        [line] = quote["items"]
        for items, place in (
            ([{"description": "Good"}, {"product_id": 2**31 - 1}], (1, "product_id")),
            (
                [{"id": line["id"]}, {"description": "B", "tax_rate": 77.5}],
                (1, "tax_rate"),
            ),
            ([{"id": line["id"]}, {"id": line["id"]}], (1, "id")),
            ([{"id": line["id"], "line_total": 5.0}], (0, "line_total")),
        ):
            with self.assertRaises(HTTPException) as refusal:
                QUOTES.change(self.env, quote["id"], QuoteUpdate(items=items))
            [problem] = refusal.exception.detail
            self.assertEqual(problem["loc"], ["body", "items", *place])

    def _create_tax(self, amount, **values):
        return self.env["account.tax"].create(
            {"name": f"Tax {amount} {values}", "amount": amount, **values}
        )

    def _get_items(self, quote_id, **item):
        return QUOTES.change(
            self.env, quote_id, QuoteUpdate(items=[{"unit_price": 100.0, **item}])
        )["items"]

    def test_a_group_of_taxes_has_a_rate(self):
        halves = self._create_tax(8.5) + self._create_tax(8.5, sequence=2)
        group = self._create_tax(
            0, amount_type="group", children_tax_ids=[Command.set(halves.ids)]
        )
        quote, _is_new = QUOTES.upsert(
            self.env, QuoteCreate(customer_id=self.customer.id)
        )
        [item] = self._get_items(quote["id"], description="Two halves", tax_rate=17.0)
        self.assertEqual((item["tax_rate"], item["line_total"]), (17.0, 117.0))
        line = self.env["billinator.quote.line"].browse(item["id"])
        self.assertEqual(line.tax_ids, group)
        [shown] = TAXES.to_dicts(group)
        self.assertEqual(shown["rate"], 17.0)

    def _create_group(self, *children, **values):
        taxes = self.env["account.tax"].create(
            [
                {
                    "name": f"Part {number}",
                    "amount": 10.0,
                    "sequence": number,
                    "type_tax_use": "none",
                    **child,
                }
                for number, child in enumerate(children)
            ]
        )
        return self._create_tax(
            0,
            amount_type="group",
            children_tax_ids=[Command.set(taxes.ids)],
            **values,
        )

    def test_groups_whose_taxes_add_up_have_a_rate(self):
        """As India's do, whose parts raise the base of none that is after them."""
        raising = {"include_base_amount": True, "is_base_affected": False}
        affected = {"is_base_affected": True}
        groups = {
            self._create_group(raising, raising): True,
            self._create_group({**raising, **affected}, raising): True,
            self._create_group(raising, affected): False,
            self._create_group(affected, raising): True,
            self._create_group(raising, raising, affected): False,
            self._create_group(raising, {"amount_type": "fixed"}): False,
        }
        listed = self.env["account.tax"].search(get_rated_domain(self.env))
        for group, adds_up in groups.items():
            with self.subTest(group=group.name):
                self.assertEqual(group in listed, adds_up)

    def _get_taxes(self, rate, **item):
        """Return the taxes that an item of the customer's next quote gets."""
        quote, _is_new = QUOTES.upsert(
            self.env, QuoteCreate(customer_id=self.customer.id)
        )
        [item] = self._get_items(quote["id"], tax_rate=rate, **item)
        return self.env["billinator.quote.line"].browse(item["id"]).tax_ids

    def test_taxes_of_the_fiscal_position_come_first(self):
        Position = self.env["account.fiscal.position"]
        home, abroad = Position.create([{"name": name} for name in ("Home", "Abroad")])
        raising = {"include_base_amount": True, "is_base_affected": False}
        _first = self._create_tax(20, sequence=1)
        group = self._create_group(raising, raising, sequence=2)
        replaced = {"original_tax_ids": group.ids, "fiscal_position_ids": abroad.ids}
        first_abroad = self._create_tax(20, sequence=3, **replaced)
        second_abroad = self._create_tax(20, sequence=4, **replaced)
        group.fiscal_position_ids = home
        self.product_a.taxes_id = self._create_tax(5)
        product = {"product_id": self.product_a.id}
        for position, expected in ((home, group), (abroad, first_abroad)):
            self.customer.property_account_position_id = position
            for item in (product, {"description": "No product"}):
                with self.subTest(position=position.name, **item):
                    self.assertEqual(self._get_taxes(20.0, **item), expected)
        self.product_a.taxes_id = second_abroad
        self.assertEqual(self._get_taxes(20.0, **product), second_abroad)

    def test_the_companys_tax_comes_before_others(self):
        """Where no fiscal position tells; then those for customers at home."""
        abroad = self.env["account.fiscal.position"].create({"name": "Abroad"})
        _first = self._create_tax(20, fiscal_position_ids=abroad.ids)
        at_home, default = (self._create_tax(20, sequence=n) for n in (2, 3))
        self.product_a.taxes_id = self._create_tax(5)
        product = {"product_id": self.product_a.id}
        self.assertEqual(self._get_taxes(20.0, **product), at_home)
        self.company.account_sale_tax_id = default
        self.assertEqual(self._get_taxes(20.0, **product), default)

    def test_taxes_are_of_a_country(self):
        """A percentage that another country has is none here."""
        abroad = self.env["res.country"].search(
            [("id", "!=", self.company.account_fiscal_country_id.id)], limit=1
        )
        group = self.env["account.tax.group"].create(
            {"name": "Abroad", "country_id": abroad.id}
        )
        tax = self._create_tax(77.5, country_id=abroad.id, tax_group_id=group.id)
        [shown] = TAXES.to_dicts(tax)
        self.assertEqual(shown["country"], abroad.code)
        data = QuoteCreate(
            customer_id=self.customer.id,
            items=[{"description": "Good", "tax_rate": 77.5}],
        )
        with self.assertRaises(HTTPException) as refusal:
            QUOTES.upsert(self.env, data)
        [problem] = refusal.exception.detail
        self.assertEqual(problem["loc"], ["body", "items", 0, "tax_rate"])
        self.assertIn(self.company.account_fiscal_country_id.name, problem["msg"])

    def test_the_products_own_taxes_come_first(self):
        first = self._create_tax(11)
        own = self._create_tax(11, sequence=99)
        two = self._create_tax(3) + self._create_tax(4)
        quote, _is_new = QUOTES.upsert(
            self.env, QuoteCreate(customer_id=self.customer.id)
        )
        for taxes, rate in ((own, 11.0), (two, 7.0)):
            self.product_a.taxes_id = taxes
            [item] = self._get_items(
                quote["id"], product_id=self.product_a.id, tax_rate=rate
            )
            line = self.env["billinator.quote.line"].browse(item["id"])
            self.assertEqual(line.tax_ids, taxes)
        [item] = self._get_items(quote["id"], description="No product", tax_rate=11.0)
        line = self.env["billinator.quote.line"].browse(item["id"])
        self.assertEqual(line.tax_ids, first)

    def test_no_tax_is_the_one_of_the_fiscal_position(self):
        standard = self.company_data["default_tax_sale"]
        _first, mapped = self._create_tax(0), self._create_tax(0, sequence=99)
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        mapped.fiscal_position_ids = position
        mapped.original_tax_ids = standard
        self.company.account_sale_tax_id = standard
        self.product_a.taxes_id = standard
        self.customer.property_account_position_id = position
        quote, _is_new = QUOTES.upsert(
            self.env, QuoteCreate(customer_id=self.customer.id)
        )
        for named in ({"product_id": self.product_a.id}, {"description": "Anything"}):
            with self.subTest(**named):
                [item] = self._get_items(quote["id"], **named, tax_rate=0.0)
                line = self.env["billinator.quote.line"].browse(item["id"])
                self.assertEqual(line.tax_ids, mapped)

    def test_what_has_no_tax_gets_none_of_no_percent(self):
        self._create_tax(0)
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        self.customer.property_account_position_id = position
        self.product_a.taxes_id = False
        quote, _is_new = QUOTES.upsert(
            self.env, QuoteCreate(customer_id=self.customer.id)
        )
        sent = {"product_id": self.product_a.id, "tax_rate": 0.0}
        [item] = self._get_items(quote["id"], **sent)
        line = self.env["billinator.quote.line"].browse(item["id"])
        self.assertFalse(line.tax_ids)
        self._get_items(quote["id"], id=item["id"], tax_rate=0.0)
        self.assertFalse(line.tax_ids)

    def test_the_clients_price_has_no_discount_but_the_clients(self):
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Ten Percent",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 10})
                ],
            }
        )
        self._create_tax(18)
        item = {"product_id": self.product_a.id, "quantity": 10, "tax_rate": 18.0}
        for prices, total in (
            ({"unit_price": 1000.0}, 11800.0),
            ({"unit_price": 1000.0, "discount": 5.0}, 11210.0),
            ({}, 10620.0),
        ):
            sent = QuoteCreate(
                customer_id=self.customer.id,
                items=[{**item, **prices, "line_total": total}],
            )
            quote, _is_new = QUOTES.upsert(self.env, sent)
            self.assertEqual(quote["total"], total)
            # What is there keeps its discount.
            [line] = quote["items"]
            again = {"id": line["id"], "unit_price": line["unit_price"]}
            changed = QUOTES.change(self.env, quote["id"], QuoteUpdate(items=[again]))
            self.assertEqual(changed["total"], total)

    def test_a_long_description_is_sent_back(self):
        quote = self._create_quote({"name": "Everything about it. " * 100})
        shown = QUOTES.show(self.env, quote.id)
        names = ("id", "description", "quantity", "unit_price")
        sent = [{name: item[name] for name in names} for item in shown["items"]]
        again = QUOTES.change(self.env, quote.id, QuoteUpdate(items=sent))
        self.assertEqual(again, {**shown, "updated_at": again["updated_at"]})
        with self.assertRaises(ValueError):
            QuoteUpdate(items=[{"description": " \n"}])

    def test_optional_items_are_sent_back(self):
        quote = self._create_quote(
            {"product_id": self.product_a.id, "is_optional": True},
            {"product_id": self.product_b.id},
        )
        shown = QUOTES.show(self.env, quote.id)
        for is_selected in (False, True, True):
            shown["items"][0]["is_selected"] = is_selected
            sent = QuoteUpdate(items=shown["items"])
            again = QUOTES.change(self.env, quote.id, sent)
            self.assertEqual(again["items"], shown["items"])
        self.assertEqual(quote.line_ids.mapped("is_optional"), [True, False])
        del shown["items"][0]["is_optional"]
        QUOTES.change(self.env, quote.id, QuoteUpdate(items=shown["items"]))
        self.assertTrue(quote.line_ids[0].is_optional)

    def test_sections_stay_where_they_are(self):
        quote = self._create_quote(
            {"display_type": "line_section", "name": "First"},
            {"name": "A"},
            {"display_type": "line_section", "name": "Second"},
            {"name": "B"},
            {"display_type": "line_note", "name": "The End"},
        )
        first, second = QUOTES.show(self.env, quote.id)["items"]
        items = [
            {"id": first["id"], "quantity": 5},
            {"description": "New"},
            {"id": second["id"]},
        ]
        for sent, names in (
            (items, ["First", "A", "New", "Second", "B", "The End"]),
            (items[2:], ["First", "Second", "B", "The End"]),
        ):
            QUOTES.change(self.env, quote.id, QuoteUpdate(items=sent))
            self.assertEqual(quote.line_ids.sorted().mapped("name"), names)

    def test_what_has_no_rate_is_kept(self):
        fixed = self._create_tax(5, amount_type="fixed")
        self.product_a.taxes_id = fixed
        quote, _is_new = QUOTES.upsert(
            self.env, QuoteCreate(customer_id=self.customer.id)
        )
        [item] = self._get_items(quote["id"], product_id=self.product_a.id)
        self.assertIsNone(item["tax_rate"])
        [again] = self._get_items(quote["id"], id=item["id"], tax_rate=None)
        self.assertEqual(again["line_total"], 105.0)
        [other] = self._get_items(
            quote["id"], product_id=self.product_a.id, tax_rate=None
        )
        self.assertEqual(other["line_total"], 100.0)


@tagged("post_install", "-at_install")
class TestBulk(BillinatorCommon):
    """Of many, each gets the answer that it would get by itself."""

    def test_what_is_taken_is_a_conflict(self):
        person = self.env["res.partner"].create({"name": "Only Once"})
        once = {"customer_id": self.customer.id, "person_id": person.id}
        myself = {"customer_id": self.customer.id, "person_id": self.customer.id}
        with mute_logger("odoo.sql_db"):
            results = create_each(
                self.env, CONTACTS, ContactCreate, [once, once, myself]
            )
        self.assertEqual([result["status"] for result in results], [201, 409, 422])
        self.assertIn("already", results[1]["detail"])


@tagged("post_install", "-at_install")
class TestExternalReferences(BillinatorCommon):
    """Several systems can know a record, each under a name of its own."""

    def test_old_idempotency_keys_are_forgotten(self):
        # Users have no access to the keys.
        Key = self.env["billinator.idempotency.key"].sudo()
        for key, hours in (("old", 25), ("young", 23)):
            claimed, _is_first = Key._claim(key, "hash")
            claimed._keep_answer(201, key)
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE billinator_idempotency_key SET create_date = %s WHERE id = %s",
                (fields.Datetime.now() - timedelta(hours=hours), claimed.id),
            )
        self.env.invalidate_all()
        self.assertFalse(Key._gc_old_keys()[1])
        known, is_first = Key._claim("young", "hash")
        self.assertEqual((known.body, is_first), ("young", False))
        self.assertTrue(Key._claim("old", "hash")[1])

    def _sync(self, source, ref, **values):
        data = OpportunityCreate(
            title="Deal",
            customer_id=self.customer.id,
            external_source=source,
            external_ref=ref,
            **values,
        )
        return OPPORTUNITIES.upsert(self.env, data)

    def test_a_merged_deal_is_known_to_both_systems(self):
        shop, _is_new = self._sync("shop", "S-1")
        books, _is_new = self._sync("books", "B-1")
        kept = self.env["billinator.opportunity"].browse(shop["id"])
        kept.with_user(self.manager).merge_opportunities([books["id"]])
        again, is_new = self._sync("books", "B-1", value=70.0)
        self.assertEqual((again["id"], is_new, again["value"]), (kept.id, False, 70.0))
        self.assertEqual(
            again["external_references"],
            [{"source": "shop", "ref": "S-1"}, {"source": "books", "ref": "B-1"}],
        )
        # Each system sees its own name in the answer to what it sends.
        self.assertEqual(
            (again["external_source"], again["external_ref"]), ("books", "B-1")
        )
        shown = OPPORTUNITIES.show(self.env, kept.id)
        self.assertEqual(
            (shown["external_source"], shown["external_ref"]), ("shop", "S-1")
        )

    def _merge(self, source, target):
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [target.id, source.id], target
        )

    def _sync_customer(self, ref, **values):
        data = CustomerCreate(
            name="Twice", external_source="shop", external_ref=ref, **values
        )
        return CUSTOMERS.upsert(self.env, data)

    def test_a_merged_customer_is_known_by_both_names(self):
        first, second = (self._sync_customer(ref)[0] for ref in ("1", "2"))
        Partner = self.env["res.partner"]
        self._merge(Partner.browse(second["id"]), Partner.browse(first["id"]))
        again, is_new = self._sync_customer("2", email="twice@shop.example")
        self.assertEqual((again["id"], is_new), (first["id"], False))
        self.assertEqual(
            [known["ref"] for known in again["external_references"]], ["1", "2"]
        )

    def test_a_merged_contact_is_known_by_both_names(self):
        other = self.env["res.partner"].create({"name": "Ada", "is_company": True})
        person = self.env["res.partner"].create({"name": "Ann"})

        def sync(ref, customer):
            data = ContactCreate(
                customer_id=customer.id,
                person_id=person.id,
                external_source="shop",
                external_ref=ref,
            )
            return CONTACTS.upsert(self.env, data)

        kept, _gone = (
            sync(ref, customer)[0]
            for ref, customer in (("1", self.customer), ("2", other))
        )
        self._merge(other, self.customer)
        again, is_new = sync("2", self.customer)
        self.assertEqual((again["id"], is_new), (kept["id"], False))

    def test_what_is_gone_is_forgotten(self):
        Reference = self.env["billinator.external.reference"]
        Reference.search([]).unlink()
        self.patch(reference_module, "VACUUM_BATCH", 2)
        deals = [self._sync("shop", f"S-{number}")[0]["id"] for number in range(4)]
        gone = self.env["billinator.opportunity"].browse(deals[1:])
        self.env["billinator.opportunity"].browse(deals[0]).active = False
        gone.unlink()
        Reference.create(
            {
                "company_id": self.company.id,
                "model": "billinator.uninstalled",
                "ref": "U-1",
                "res_id": 1,
            }
        )
        self.assertEqual(Reference._gc_lost_references(), (2, True))
        self.assertEqual(Reference._gc_lost_references(), (2, True))
        self.assertEqual(Reference._gc_lost_references(), (0, False))
        self.assertEqual(Reference.search([]).mapped("ref"), ["S-0"])

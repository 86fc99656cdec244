from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import DocumentsCase, make_pdf


class ProductDocumentsCase(DocumentsCase):
    """A data sheet of the first product, and terms of both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.products = cls.product_a.product_tmpl_id | cls.product_b.product_tmpl_id
        cls.sheet.product_tmpl_ids = cls.product_a.product_tmpl_id
        cls.terms.product_tmpl_ids = cls.products

    @classmethod
    def _create_quote(cls, *products, **values):
        """Create a quote of a salesperson with a line of each product."""
        lines = (
            product if isinstance(product, dict) else {"product_id": product.id}
            for product in products
        )
        return super()._create_quote(
            *lines, **{"user_id": cls.salesperson.id, **values}
        )

    def _add(self, quote, product):
        return self.env["billinator.quote.line"].create(
            {"quote_id": quote.id, "product_id": product.id}
        )


@tagged("post_install", "-at_install")
class TestLines(ProductDocumentsCase):
    """Documents come and go with the products of a quote."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product_c = cls.env["product.product"].create({"name": "Without documents"})

    def test_new_quotes_have_those_of_their_products(self):
        for products, expected in (
            ((self.product_c,), self.env["billinator.quote.document"]),
            ((self.product_b,), self.terms),
            ((self.product_a, self.product_a, self.product_b), self.terms | self.sheet),
        ):
            quote = self._create_quote(*products)
            self.assertEqual(quote.document_ids, expected)

    def test_optional_products_bring_them_from_the_start(self):
        option = {"product_id": self.product_a.id, "is_optional": True}
        quote = self._create_quote(self.product_c, option)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        quote.action_mark_sent()
        quote.line_ids[1].is_selected = True
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        quote.line_ids[1].is_selected = False
        self.assertEqual(quote.document_ids, self.terms | self.sheet)

    def test_what_is_given_stays(self):
        for given in (self.cover, self.terms, self.cover.browse()):
            commands = [Command.set(given.ids)]
            quote = self._create_quote(self.product_a, document_ids=commands)
            self.assertEqual(quote.document_ids, given)
            quote.write(
                {
                    "document_ids": commands,
                    "line_ids": [Command.create({"product_id": self.product_b.id})],
                }
            )
            self.assertEqual(quote.document_ids, given)

    def test_what_is_linked_comes_besides(self):
        quote = self._create_quote(self.product_c)
        for documents, lines, expected in (
            (
                [Command.link(self.cover.id), Command.unlink(self.sheet.id)],
                [Command.create({"product_id": self.product_a.id})],
                self.cover | self.terms,
            ),
            (
                [Command.link(self.terms.id), Command.unlink(self.cover.id)],
                [Command.clear()],
                self.terms,
            ),
        ):
            quote.write({"document_ids": documents, "line_ids": lines})
            self.assertEqual(quote.document_ids, expected)

    def test_lines_of_their_own(self):
        quote = self._create_quote(self.product_c).with_user(self.salesperson)
        line = self._add(quote, self.product_a).with_user(self.salesperson)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        line.product_id = self.product_b
        self.assertEqual(quote.document_ids, self.terms)
        line.product_id = self.product_a
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        line.unlink()
        self.assertFalse(quote.document_ids)

    def test_lines_of_the_quote(self):
        quote = self._create_quote(self.product_c).with_user(self.salesperson)
        quote.line_ids = [Command.create({"product_id": self.product_a.id})]
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        line = quote.line_ids[1]
        quote.line_ids = [Command.update(line.id, {"product_id": self.product_b.id})]
        self.assertEqual(quote.document_ids, self.terms)
        quote.line_ids = [Command.delete(line.id)]
        self.assertFalse(quote.document_ids)

    def test_lines_that_move_to_another_quote(self):
        quote, other = (
            self._create_quote(self.product_c, product)
            for product in (self.product_a, self.product_c)
        )
        quote.line_ids[1].quote_id = other
        self.assertFalse(quote.document_ids)
        self.assertEqual(other.document_ids, self.terms | self.sheet)

    def test_lines_of_several_quotes(self):
        quotes = self._create_quote(self.product_a) | self._create_quote(self.product_b)
        quotes.line_ids = [
            Command.clear(),
            Command.create({"product_id": self.product_b.id}),
        ]
        for quote in quotes:
            self.assertEqual(quote.document_ids, self.terms)
        quotes.line_ids.unlink()
        self.assertFalse(quotes.document_ids)

    def test_the_last_line_takes_them_along(self):
        quote = self._create_quote(self.product_a, self.product_a, self.product_b)
        quote.line_ids[0].unlink()
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        quote.line_ids[0].unlink()
        self.assertEqual(quote.document_ids, self.terms)

    def test_sections_and_texts_bring_none(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids = False
        for kind in ("line_section", "line_note"):
            quote.line_ids = [Command.create({"display_type": kind, "name": "Text"})]
        self.assertFalse(quote.document_ids)

    def test_what_was_taken_off_stays_off(self):
        quote = self._create_quote(self.product_a, self.product_c)
        quote.document_ids -= self.sheet
        line = quote.line_ids[0]
        line.write({"quantity": 7, "price_unit": 3, "product_id": self.product_a.id})
        quote.line_ids[1].unlink()
        self._add(quote, self.product_c)
        self._add(quote, self.product_a).unlink()
        quote.line_ids = [Command.update(line.id, {"quantity": 8})]
        quote.line_ids = [Command.create({"product_id": self.product_c.id})]
        self.assertEqual(quote.document_ids, self.terms)
        # As integrations write that do not know which lines there are.
        quote.line_ids = [
            Command.clear(),
            Command.create({"product_id": self.product_a.id, "quantity": 9}),
        ]
        self.assertEqual(quote.document_ids, self.terms)

    def test_a_product_that_is_added_anew_brings_them_again(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids = False
        quote.line_ids.unlink()
        self._add(quote, self.product_a)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)

    def test_what_is_there_for_another_reason_stays(self):
        template = self.env["billinator.quote.template"].create({"name": "Room"})
        manual, default, of_template = (
            self._create_document(name) for name in ("Manual", "Default", "Template")
        )
        default.is_default, of_template.template_ids = True, template
        of_both = default | of_template
        quote = self._create_quote(self.product_a, template_id=template.id)
        of_both.product_tmpl_ids = self.product_a.product_tmpl_id
        # A product's that is not on the quote: somebody has added it.
        manual.product_tmpl_ids = self.product_b.product_tmpl_id
        quote.document_ids |= self.cover | manual
        quote.line_ids.unlink()
        self.assertEqual(quote.document_ids, of_both | self.cover | manual)

    def test_quotes_do_not_follow_what_products_get_later(self):
        quote = self._create_quote(self.product_a)
        self.cover.product_tmpl_ids = self.products
        quote.line_ids.quantity = 5
        self._add(quote, self.product_c)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        self.terms.product_tmpl_ids = False
        quote.line_ids.unlink()
        self.assertEqual(quote.document_ids, self.terms)

    def test_they_are_of_the_language_and_the_company(self):
        self.env["res.lang"]._activate_lang("de_DE")
        german = self._create_document(
            "Datenblatt", lang="de_DE", product_tmpl_ids=self.products.ids
        )
        theirs = self._create_document("Theirs", company_id=self.company_b.id)
        theirs.product_tmpl_ids = self.products
        self.sheet.lang = "en_US"
        quote = self._create_quote(self.product_a)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        self.other_customer.lang = "de_DE"
        quote.partner_id = self.other_customer
        self.assertEqual(quote.document_ids, self.terms | german)
        self._add(quote, self.product_b)
        self.assertEqual(quote.document_ids, self.terms | german)
        copied = quote.copy({"partner_id": self.customer.id})
        self.assertEqual(copied.document_ids, self.terms | self.sheet)
        elsewhere = self._create_quote(
            self.product_a, company_id=self.company_b.id, user_id=self.stranger.id
        )
        self.assertEqual(elsewhere.document_ids, self.terms | self.sheet | theirs)

    def test_variants_have_those_of_their_template(self):
        attribute = self.env["product.attribute"].create(
            {
                "name": "Colour",
                "value_ids": [Command.create({"name": name}) for name in "AB"],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "Display",
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        self.cover.product_tmpl_ids = template
        first, second = template.product_variant_ids
        quote = self._create_quote(first)
        self.assertEqual(quote.document_ids, self.cover)
        quote.document_ids = False
        quote.line_ids.product_id = second
        self.assertFalse(quote.document_ids)
        colour = self.env["product.attribute.value"].create(
            {"name": "C", "attribute_id": attribute.id}
        )
        template.attribute_line_ids.value_ids |= colour
        added = template.product_variant_ids - first - second
        self.assertEqual(self._create_quote(added).document_ids, self.cover)

    def test_archived_documents_only_leave(self):
        quote = self._create_quote(self.product_a)
        self.sheet.action_archive()
        self.assertEqual(self._create_quote(self.product_a).document_ids, self.terms)
        quote.line_ids.unlink()
        self.assertFalse(quote.document_ids)

    def test_archived_products_keep_them(self):
        quote = self._create_quote(self.product_a)
        self.product_a.product_tmpl_id.action_archive()
        self.assertEqual(self.sheet.product_tmpl_ids, self.product_a.product_tmpl_id)
        self.assertEqual(quote.copy().document_ids, self.terms | self.sheet)
        quote.line_ids.unlink()
        self.assertFalse(quote.document_ids)

    def test_they_are_in_the_order_of_all(self):
        self.sheet.sequence = 1
        self.cover.is_default = True
        quote = self._create_quote(self.product_a)
        expected = [self.sheet, self.cover, self.terms]
        self.assertEqual(list(quote._get_documents_sudo()), expected)

    def test_imports(self):
        header = ["id", "partner_id/.id", "line_ids/product_id/.id"]
        customer, first, second = (
            str(record.id) for record in (self.customer, self.product_a, self.product_b)
        )
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        result = Quote.load(header, [["x.quote", customer, second], ["", "", second]])
        quote = Quote.browse(result["ids"])
        self.assertEqual(quote.document_ids, self.terms)
        Quote.load(header, [["x.quote", customer, first]])
        self.assertEqual(quote.document_ids, self.terms | self.sheet)

    def test_quotes_of_a_deal(self):
        deal = self._create_opportunity(user_id=self.salesperson.id)
        quote = self._create_quote(self.product_a, opportunity_id=deal.id)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)

    def test_the_catalog(self):
        quote = self._create_quote(self.product_c).with_user(self.salesperson)
        quote._update_order_line_info(self.product_a.id, 2)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        quote._update_order_line_info(self.product_a.id, 0)
        self.assertFalse(quote.document_ids)


@tagged("post_install", "-at_install")
class TestStates(ProductDocumentsCase):
    """What customers have got, and what follows it."""

    def test_a_former_state_belongs_to_no_product(self):
        quote = self._create_quote(self.product_a)
        quote.action_mark_sent()
        self.sheet.file = make_pdf("Another sheet")
        former = self.sheet._get_former()
        self.assertEqual(quote.document_ids, self.terms | former)
        self.assertFalse(former.product_tmpl_ids)
        template = self.product_a.product_tmpl_id
        for act in (
            lambda: former.write({"product_tmpl_ids": template.ids}),
            lambda: template.write(
                {"billinator_document_ids": [Command.link(former.id)]}
            ),
        ):
            with (
                self.assertRaisesRegex(UserError, "stays as it was"),
                self.cr.savepoint(),
            ):
                act()
        self.assertEqual(
            self._create_quote(self.product_a).document_ids, self.terms | self.sheet
        )

    def test_a_former_state_goes_with_the_product(self):
        quote = self._create_quote(self.product_a)
        quote.action_mark_sent()
        for document in self.terms | self.sheet:
            document.name = f"Another {document.name}"
        former_terms, former_sheet = self.terms._get_former(), self.sheet._get_former()
        self._add(quote, self.product_b)
        self.assertEqual(quote.document_ids, former_terms | former_sheet)
        quote.line_ids[0].unlink()
        self.assertEqual(quote.document_ids, former_terms)
        quote.line_ids.unlink()
        self.assertFalse(quote.document_ids)

    def test_closed_quotes_stay(self):
        quote = self._create_quote(self.product_a)
        quote.action_accept()
        before = quote.content_hash
        self.sheet.product_tmpl_ids = self.product_b.product_tmpl_id
        self.cover.product_tmpl_ids = self.products
        for act in (
            lambda: self._add(quote, self.product_b),
            quote.line_ids.unlink,
            lambda: quote.line_ids.write({"product_id": self.product_b.id}),
        ):
            with (
                self.assertRaisesRegex(UserError, "cannot be changed"),
                self.cr.savepoint(),
            ):
                act()
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        self.assertEqual(quote.content_hash, before)

    def test_versions_keep_and_then_follow(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids -= self.terms
        quote.action_mark_sent()
        self.sheet.name = "Another sheet"
        before = quote.document_ids
        version = quote.revise()
        self.assertEqual(version.document_ids, before)
        self._add(version, self.product_b)
        self.assertEqual(version.document_ids, before | self.terms)
        version.line_ids[0].unlink()
        self.assertEqual(version.document_ids, self.terms)
        self.assertEqual(quote.document_ids, before)
        self.assertEqual(
            version.get_version_diff(quote.id)["documents"],
            {"added": ["Terms"], "removed": ["Sheet"], "changed": []},
        )

    def test_copies_leave_off_what_was_taken_off(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids -= self.sheet
        self.assertEqual(quote.copy().document_ids, self.terms)


@tagged("post_install", "-at_install")
class TestTemplates(ProductDocumentsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template, cls.other_template = cls.env["billinator.quote.template"].create(
            [
                {
                    "name": name,
                    "line_ids": [Command.create({"product_id": product.id})],
                }
                for name, product in (("Room", cls.product_a), ("Box", cls.product_b))
            ]
        )
        cls.cover.template_ids = cls.template

    def _create_empty(self, **values):
        return self._create_quote(
            {"display_type": "line_note", "name": "Text"}, **values
        )

    def test_their_lines_bring_them(self):
        expected = self.documents
        for quote in (
            self._create_empty(template_id=self.template.id),
            self._create_empty(),
        ):
            quote.action_apply_template(self.template.id)
            self.assertEqual(quote.document_ids, expected)
            quote.action_apply_template(self.other_template.id)
            self.assertEqual(quote.document_ids, self.terms)

    def test_their_lines_bring_them_without_documents_of_the_template(self):
        quote = self._create_empty()
        quote.template_id = self.other_template
        self.assertEqual(quote.document_ids, self.terms)

    def test_products_that_are_there_bring_none_again(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids = False
        quote.action_apply_template(self.template.id)
        self.assertEqual(quote.document_ids, self.cover)

    def test_products_that_were_exchanged_bring_none_again(self):
        quote = self._create_empty(template_id=self.template.id)
        quote.line_ids[1].product_id = self.product_b
        quote.action_apply_template(self.template.id)
        self.assertEqual(quote.document_ids, self.cover | self.terms)

    def test_what_was_taken_off_stays_off(self):
        self.other_template.line_ids.product_id = self.product_a
        quote = self._create_empty(template_id=self.template.id)
        quote.document_ids -= self.sheet
        quote.action_apply_template(self.other_template.id)
        self.assertEqual(quote.line_ids.product_id, self.product_a)
        self.assertEqual(quote.document_ids, self.terms)

    def test_former_states_stay(self):
        self.other_template.line_ids.product_id = self.product_a
        quote = self._create_empty(template_id=self.template.id)
        quote.action_mark_sent()
        self.sheet.name = "Another sheet"
        quote.action_apply_template(self.other_template.id)
        former = self.sheet._get_former()
        self.assertEqual(quote.document_ids, self.terms | former)

    def test_another_template_leaves_those_of_the_products(self):
        self.sheet.template_ids = self.template
        quote = self._create_quote(self.product_a)
        quote.action_apply_template(self.template.id)
        quote.line_ids[1].unlink()
        quote.action_apply_template(self.other_template.id)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)

    def test_archived_products_bring_none(self):
        self.product_a.action_archive()
        quote = self._create_empty()
        quote.action_apply_template(self.template.id)
        self.assertEqual(quote.document_ids, self.cover)

    def test_what_is_given_stays(self):
        for given in (self.sheet, self.sheet.browse()):
            quote = self._create_empty(
                template_id=self.template.id, document_ids=[Command.set(given.ids)]
            )
            self.assertEqual(quote.document_ids, given)

    def test_templates_of_quotes_leave_them_to_the_products(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids |= self.cover
        action = quote.with_user(self.manager).action_save_as_template()
        saved = self.template.browse(action["res_id"])
        self.assertEqual(saved.document_ids, self.cover)


@tagged("post_install", "-at_install")
class TestForm(ProductDocumentsCase):
    def _open(self, quote=None):
        quote = quote or self.env["billinator.quote"]
        return Form(quote.with_user(self.salesperson))

    def _add_line(self, form, product):
        with form.line_ids.new() as line:
            line.product_id = product

    def test_documents_come_and_go_at_once(self):
        with self._open() as form:
            form.partner_id = self.customer
            self._add_line(form, self.product_a)
            self.assertEqual(set(form.document_ids.ids), set(self.documents[1:].ids))
            self._add_line(form, self.product_b)
            form.line_ids.remove(0)
            self.assertEqual(form.document_ids.ids, self.terms.ids)
        quote = form.record
        self.assertEqual(quote.document_ids, self.terms)
        with self._open(quote) as form:
            with form.line_ids.edit(0) as line:
                line.product_id = self.product_a
            self.assertEqual(set(form.document_ids.ids), set(self.documents[1:].ids))
        self.assertEqual(quote.document_ids, self.terms | self.sheet)
        with self._open(quote) as form:
            form.line_ids.remove(0)
            self.assertFalse(form.document_ids.ids)
            self._add_line(form, self.product_b)
        self.assertEqual(quote.document_ids, self.terms)

    def test_what_is_taken_off_before_saving_stays_off(self):
        quote = self._create_quote(self.product_b)
        for record in (None, quote):
            with self._open(record) as form:
                form.partner_id = self.customer
                self._add_line(form, self.product_a)
                form.document_ids.remove(self.sheet.id)
                self._add_line(form, self.product_b)
                with form.line_ids.edit(len(form.line_ids) - 1) as line:
                    line.quantity = 3
                self.assertEqual(form.document_ids.ids, self.terms.ids)
            self.assertEqual(form.record.document_ids, self.terms)
            with self._open(form.record) as form:
                with form.line_ids.edit(0) as line:
                    line.quantity = 5
                self._add_line(form, self.product_a)
            self.assertEqual(form.record.document_ids, self.terms)

    def test_what_was_taken_off_stays_off(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids = False
        with self._open(quote) as form, form.line_ids.edit(0) as line:
            line.quantity = 5
        self.assertFalse(quote.document_ids)

    def test_archived_products(self):
        quote = self._create_quote(self.product_a)
        quote.document_ids -= self.sheet
        self.products[0].action_archive()
        with self._open(quote) as form, form.line_ids.edit(0) as line:
            line.quantity = 5
        self.assertEqual(quote.document_ids, self.terms)
        quote.document_ids |= self.sheet
        with self._open(quote) as form:
            form.line_ids.remove(0)
            self._add_line(form, self.product_b)
        self.assertEqual(quote.document_ids, self.terms)

    def test_what_forms_have_dealt_with_is_told_back(self):
        quote = self._create_quote(self.product_a)
        with self._open(quote) as form:
            self._add_line(form, self.product_b)
            record = form.save()
            self.assertEqual(
                set(form.documented_product_ids.ids), set(self.products.ids)
            )
            form.line_ids.remove(0)
        self.assertEqual(record.documented_product_ids, self.products[1])
        self.assertEqual(quote.document_ids, self.terms)

    def test_templates(self):
        template = self.env["billinator.quote.template"].create(
            {
                "name": "Room",
                "line_ids": [Command.create({"product_id": self.product_a.id})],
            }
        )
        with self._open() as form:
            form.partner_id = self.customer
            form.template_id = template
            self.assertEqual(set(form.document_ids.ids), set(self.documents[1:].ids))
            form.document_ids.remove(self.sheet.id)
            self._add_line(form, self.product_b)
        self.assertEqual(form.record.document_ids, self.terms)


@tagged("post_install", "-at_install")
class TestProducts(ProductDocumentsCase):
    """Products and documents name each other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.product_a.product_tmpl_id

    def test_what_is_changed_on_either_side_holds_at_once(self):
        self._create_quote(self.product_a)
        self.template.billinator_document_ids = self.cover
        self.assertEqual(self._create_quote(self.product_a).document_ids, self.cover)
        self.cover.product_tmpl_ids = False
        self.assertFalse(self._create_quote(self.product_a).document_ids)
        made = self.env["product.template"].create(
            {"name": "New", "billinator_document_ids": [Command.link(self.cover.id)]}
        )
        quote = self._create_quote(made.product_variant_id)
        self.assertEqual(quote.document_ids, self.cover)

    def test_the_way_to_the_documents(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billinator_crm_documents.billinator_quote_document_action_product"
        )
        domain = safe_eval(action["domain"], {"active_id": self.template.id})
        Document = self.env["billinator.quote.document"]
        self.assertEqual(Document.search(domain), self.terms | self.sheet)
        self.assertEqual(self.template.billinator_document_count, 2)

    def test_copies_of_products_have_none(self):
        self.assertFalse(self.template.copy().billinator_document_ids)

    def test_copies_of_documents_have_the_products(self):
        self.assertEqual(self.terms.copy().product_tmpl_ids, self.products)

    def test_who_may_change_documents_changes_them(self):
        groups = "sales_team.group_sale_{},product.group_product_manager"
        seller, admin = (
            new_test_user(self.env, role, groups.format(role))
            for role in ("salesman", "manager")
        )
        template = self.template.with_user(seller)
        self.assertEqual(template.billinator_document_ids, self.terms | self.sheet)
        for commands in ([Command.link(self.cover.id)], [Command.clear()]):
            values = {"billinator_document_ids": commands}
            with self.assertRaises(AccessError):
                template.write(values)
        archived = self._create_document("Archived", active=False)
        for document in self.cover | archived:
            commands = [Command.link(document.id)]
            for context, values in (
                ({}, {"billinator_document_ids": commands}),
                ({"default_billinator_document_ids": commands}, {}),
            ):
                with self.assertRaises(AccessError):
                    template.with_context(**context).create({"name": "New", **values})
        template.write({"name": "Renamed"})
        template.copy()
        with self.assertRaises(AccessError):
            self.cover.with_user(seller).product_tmpl_ids = template
        with Form(template.with_user(admin)) as form:
            form.billinator_document_ids.add(self.cover)
        self.assertEqual(template.billinator_document_ids, self.documents)
        # Who may change no products names them on the document.
        self.cover.with_user(self.manager).product_tmpl_ids = False
        self.assertFalse(self.cover.product_tmpl_ids)

    def test_who_does_not_sell_sees_none(self):
        clerk = new_test_user(
            self.env, "clerk", "base.group_user,product.group_product_manager"
        )
        template = self.template.with_user(clerk)
        [values] = template.read()
        self.assertNotIn("billinator_document_ids", values)
        with Form(template) as form:
            form.name = "Renamed"
        with self.assertRaises(AccessError):
            template.write({"billinator_document_ids": [Command.clear()]})

    def test_both_fit_one_company(self):
        self.template.company_id = self.company
        self.cover.product_tmpl_ids = self.template
        self.cover.company_id = self.company
        theirs = self._create_document("Theirs", company_id=self.company_b.id)
        for act in (
            lambda: self.cover.write({"company_id": self.company_b.id}),
            lambda: self.template.write({"company_id": self.company_b.id}),
            lambda: theirs.write({"product_tmpl_ids": self.template.ids}),
            lambda: self.template.write(
                {"billinator_document_ids": [Command.link(theirs.id)]}
            ),
        ):
            with (
                self.assertRaisesRegex(ValidationError, "different companies"),
                self.cr.savepoint(),
            ):
                act()
        self.template.company_id = False
        theirs.product_tmpl_ids = self.template

from http import HTTPStatus

from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.urls import url_encode

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Date, Domain
from odoo.http import STORED_SESSION_BYTES, request, route

from odoo.addons.portal.controllers.portal import CustomerPortal, pager
from odoo.addons.portal.utils import get_portal_partner

from ..arguments import MAX_ID

LIST_URL = "/my/crm-quotes"
PAGE_URL = f"{LIST_URL}/<int:quote_id>"
HISTORY = "my_crm_quotes_history"
YES_OR_NO = {"true": True, "false": False}


class QuotePortal(CustomerPortal):
    """Quotes in the customer's account, and behind the link that he was sent.

    GET changes nothing. What the customer does is a POST with the CSRF token of the
    session, and answers with JSON: 200, or 404 (not there, or not for you), 403
    (staff), 409 (the quote is closed or has changed) or 400 (nonsense), with ``error``.
    """

    # === Account === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        counts = {
            "crm_quote_count": self._count_quotes,
            "crm_open_quote_count": self._count_open_quotes,
        }
        may_read = request.env["billinator.quote"].has_access("read")
        for name in counts.keys() & set(counters):
            values[name] = counts[name]() if may_read else 0
        return values

    def _count_quotes(self):
        return request.env["billinator.quote"].search_count(self._get_quotes_domain())

    def _count_open_quotes(self):
        """Return how many quotes the user can still answer."""
        sent = self._get_quotes_domain() & Domain("state", "=", "sent")
        # The user may read these, but not all that closes them.
        quotes_sudo = request.env["billinator.quote"].search(sent).sudo()
        return len(quotes_sudo.filtered(lambda quote: not quote._get_obstacle()))

    def _get_quotes_domain(self):
        """Return which quotes are the user's as a customer, on top of the rules.

        Rules let staff read other people's quotes as well, which are not their own.
        """
        customer = request.env.user.partner_id.commercial_partner_id
        states = request.env["billinator.quote"]._get_customer_states()
        return Domain("partner_id", "child_of", customer.ids) & Domain(
            "state", "in", states
        )

    def _get_quote_sortings(self):
        return {
            "date": {"label": self.env._("Date"), "order": "date_quote desc"},
            "validity": {
                "label": self.env._("Valid Until"),
                "order": "validity_date",
            },
            "name": {"label": self.env._("Number"), "order": "name desc"},
            "amount": {
                "label": self.env._("Total"),
                "order": "amount_total desc",
            },
        }

    def _get_quote_filters(self):
        Quote = request.env["billinator.quote"]
        states = Quote._get_customer_states()
        return {
            "all": {"label": self.env._("All"), "domain": Domain.TRUE},
            **{
                state: {
                    "label": Quote._get_state_label(state),
                    "domain": Domain("state", "=", state),
                }
                for state in states
            },
        }

    @route(
        [LIST_URL, f"{LIST_URL}/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_crm_quotes(
        self, page=1, date_begin=None, date_end=None, sortby="date", filterby="all", **_
    ):
        """List the quotes of the user's company."""
        sortings, filters = self._get_quote_sortings(), self._get_quote_filters()
        if sortby not in sortings or filterby not in filters:
            raise BadRequest
        domain = self._get_quotes_domain() & filters[filterby]["domain"]
        domain &= self._get_period_domain(date_begin, date_end)
        quotes, page_values = self._find_quotes(
            domain,
            f"{sortings[sortby]['order']}, id desc",
            page=page,
            url_args={
                "date_begin": date_begin,
                "date_end": date_end,
                "sortby": sortby,
                "filterby": filterby,
            },
        )
        request.session[HISTORY] = quotes.ids[:100]
        values = {
            **self._prepare_portal_layout_values(),
            # The user may read these, and the page needs names that he may not.
            "quotes": quotes.sudo(),
            "page_name": "crm_quote",
            "pager": page_values,
            "default_url": LIST_URL,
            "date": date_begin,
            "date_end": date_end,
            "sortby": sortby,
            "searchbar_sortings": sortings,
            "filterby": filterby,
            "searchbar_filters": filters,
        }
        return request.render("billinator_crm.portal_my_crm_quotes", values)

    def _get_period_domain(self, date_begin, date_end):
        domain = Domain.TRUE
        try:
            if date_begin:
                domain &= Domain("date_quote", ">=", Date.to_date(date_begin[:10]))
            if date_end:
                domain &= Domain("date_quote", "<=", Date.to_date(date_end[:10]))
        except (TypeError, ValueError) as error:
            raise BadRequest from error
        return domain

    def _find_quotes(self, domain, order, page, url_args):
        """Return the quotes of one page, and the values of the pager."""
        Quote = request.env["billinator.quote"]
        if not Quote.has_access("read"):
            domain = Domain.FALSE
        page_values = pager(
            url=LIST_URL,
            total=Quote.search_count(domain),
            page=page,
            step=self._items_per_page,
            url_args={name: value for name, value in url_args.items() if value},
        )
        quotes = Quote.search(
            domain,
            order=order,
            limit=self._items_per_page,
            # Without quotes there is no page, not even a first one.
            offset=max(0, page_values["offset"]),
        )
        return quotes, page_values

    # === One quote === #

    def _get_quote(self, quote_id, access_token=None):
        """Return the quote, in sudo mode, if the visitor may see it.

        That is with the quote's token, as its customer, or as staff who may read it;
        customers see no drafts. The quote's user is the visitor, so that customers
        are told no more than they may know.

        :raise NotFound: if there is none, whatever the reason
        """
        if quote_id > MAX_ID or not isinstance(access_token, str | None):
            raise NotFound
        if self._is_staff():
            self._open_all_companies()
        try:
            quote_sudo = self._document_check_access(
                "billinator.quote", quote_id, access_token=access_token
            )
        except (AccessError, MissingError, TypeError) as error:
            raise NotFound from error
        if not quote_sudo._is_for_customer() and not self._is_staff():
            raise NotFound
        # Portal's check returns it as Odoo's own user, who counts as staff.
        quote_sudo = quote_sudo.with_user(request.env.user).sudo()
        return quote_sudo.with_company(quote_sudo.company_id)

    def _open_all_companies(self):
        """Let staff see quotes of all their companies; a website shows one's alone."""
        companies = request.env.companies | request.env.user.company_ids
        request.update_context(allowed_company_ids=companies.ids)

    def _is_staff(self):
        return request.env.user._is_internal()

    def _is_anonymous(self):
        return request.env.user._is_public()

    def _find_person(self, quote_sudo, params):
        """Return who the visitor is, as a ``res.partner``; empty if anybody's guess.

        The portal user, else the person that the link was mailed to.
        """
        if not self._is_anonymous():
            return request.env.user.partner_id
        try:
            return get_portal_partner(
                quote_sudo, params.get("hash"), params.get("pid"), token=None
            )
        except (TypeError, ValueError):
            return request.env["res.partner"]

    def _get_visitor(self, quote_sudo, params):
        """Return the ``res.partner`` to speak for: the person, or the customer."""
        return (
            self._find_person(quote_sudo, params)
            or quote_sudo._mail_get_partners()[quote_sudo.id][:1]
            or quote_sudo.partner_id
        )

    @route(PAGE_URL, type="http", auth="public", website=True, methods=["GET"])
    def portal_crm_quote(self, quote_id, access_token=None, report_type=None, **params):
        """Show the quote, or its PDF with ``report_type=pdf``."""
        try:
            quote_sudo = self._get_quote(quote_id, access_token)
        except NotFound:
            if self._is_anonymous() and not access_token:
                return request.redirect_query(
                    "/web/login", {"redirect": request.httprequest.path}
                )
            return request.render(
                "billinator_crm.portal_quote_unavailable",
                {"no_breadcrumbs": True},
                status=HTTPStatus.NOT_FOUND,
            )
        if report_type:
            return self._download_quote(quote_sudo, report_type, params)
        if address := self._get_address_in_language(quote_sudo):
            return request.redirect(address)
        values = self._prepare_quote_page_values(quote_sudo, access_token, params)
        return request.render("billinator_crm.portal_quote_page", values)

    def _download_quote(self, quote_sudo, report_type, params):
        if report_type != "pdf":
            raise BadRequest
        return self._show_report(
            model=quote_sudo,
            report_type="pdf",
            report_ref="billinator_crm.billinator_quote_report",
            download=bool(params.get("download")),
        )

    def _get_address_in_language(self, quote_sudo):
        """Return the page's address in the customer's language, on the first visit.

        After that, a cookie has the language that the visitor has chosen, or was given.
        """
        # A website may have fewer languages than customers speak.
        code = request.env["ir.http"].get_nearest_lang(
            quote_sudo._get_customers_language()
        )
        lang = request.env["res.lang"]._get_data(code=code)
        default = request.env["ir.http"]._get_default_lang()
        is_settled = request.cookies.get("frontend_lang") or lang == request.lang
        # The default language has no address of its own to be sent to.
        if not lang or lang == default or is_settled or not self._is_anonymous():
            return None
        path = f"/{lang.url_code}{request.httprequest.path}"
        query = request.httprequest.query_string.decode()
        return f"{path}?{query}"

    def _prepare_quote_page_values(self, quote_sudo, access_token, params):
        is_staff = self._is_staff()
        obstacle = quote_sudo._get_obstacle()
        invoices = quote_sudo._get_portal_invoices()
        # Colleagues see what the customer sees, but are given no key to invoices.
        unpaid = [each for each in invoices if each["invitation"] and not is_staff]
        values = {
            "page_name": "crm_quote",
            "quote": quote_sudo,
            "rows": quote_sudo._get_portal_rows(),
            "options": quote_sudo._get_portal_options(),
            "changes": quote_sudo._get_portal_changes(),
            "tax_totals": quote_sudo.tax_totals,
            "invoices": invoices,
            "next_to_pay": unpaid[0] if unpaid else None,
            "is_open": not obstacle and not is_staff,
            "obstacle": obstacle,
            "is_staff": is_staff,
            "signer": self._get_signer(quote_sudo, params),
            "message": params.get("message"),
            "newer_quote": self._get_newer_quote(quote_sudo),
            "backend_url": f"/odoo/quotes/{quote_sudo.id}",
            "res_company": quote_sudo.company_id,
            # For what the visitor does, and for the discussion.
            "pid": None,
            "hash": None,
        }
        return self._get_page_view_values(
            quote_sudo,
            quote_sudo._portal_ensure_token(),
            values,
            HISTORY,
            bool(access_token) and self._is_anonymous(),
            **{key: params[key] for key in ("pid", "hash") if params.get(key)},
        )

    def _get_signer(self, quote_sudo, params):
        """Return the name to propose for the signature: a person's, no company's."""
        visitor = self._get_visitor(quote_sudo, params)
        person = quote_sudo.contact_id.person_id if visitor.is_company else visitor
        return person.name or ""

    def _get_newer_quote(self, quote_sudo):
        """Return the latest version if the visitor may see it without a link."""
        if not quote_sudo.is_superseded:
            return None
        newest_sudo = quote_sudo._get_latest_versions()
        newest = newest_sudo.with_user(request.env.user).sudo(False)
        return newest_sudo if newest.has_access("read") else None

    # === What the customer does === #

    def _answer(self, quote_id, access_token, act):
        """Let the customer act on the quote, and answer with what ``act`` returns.

        :param act: function of the quote, in sudo mode; refuses by a ``UserError``
        """
        try:
            quote_sudo = self._get_quote(quote_id, access_token)
        except NotFound:
            return self._refuse(
                self.env._("We could not find this quote."), HTTPStatus.NOT_FOUND
            )
        if self._is_staff():
            return self._refuse(
                self.env._(
                    "You see the customer's page. Only the customer can do this."
                ),
                HTTPStatus.FORBIDDEN,
            )
        try:
            # What is refused half way leaves nothing behind.
            with request.env.cr.savepoint():
                answer = act(quote_sudo)
        except UserError as error:
            return self._refuse(error.args[0], HTTPStatus.CONFLICT)
        return request.make_json_response(answer)

    def _refuse(self, error, status):
        return request.make_json_response({"error": error}, status=status)

    def _refuse_nonsense(self):
        return self._refuse(
            self.env._("This request could not be understood."), HTTPStatus.BAD_REQUEST
        )

    def _get_return_url(self, quote_sudo, params, message):
        query = {
            "access_token": quote_sudo._portal_ensure_token(),
            "message": message,
            **{key: params[key] for key in ("pid", "hash") if params.get(key)},
        }
        return f"{quote_sudo.access_url}?{url_encode(query)}"

    @route(f"{PAGE_URL}/view", type="http", auth="public", methods=["POST"])
    def portal_crm_quote_view(self, quote_id, access_token=None, **params):
        """Count the visit; only pages whose script runs send this, and no scanner."""

        def view(quote_sudo):
            person = self._find_person(quote_sudo, params)
            session = request.session.sid[:STORED_SESSION_BYTES]
            visitor = f"person-{person.id}" if person else f"session-{session}"
            partner = self._get_visitor(quote_sudo, params)
            return {"counted": quote_sudo._log_view(visitor, partner)}

        return self._answer(quote_id, access_token, view)

    @route(
        f"{PAGE_URL}/choose",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_crm_quote_choose(
        self,
        quote_id,
        access_token=None,
        content_hash=None,
        line_id=None,
        is_selected=None,
        quantity=None,
        **_params,
    ):
        """Select an option or set a quantity, and tell what the quote says then."""
        choice = {}
        try:
            line_id = int(line_id)
            if is_selected is not None:
                choice["is_selected"] = YES_OR_NO[is_selected]
            if quantity is not None:
                choice["quantity"] = float(quantity)
        except (KeyError, TypeError, ValueError):
            return self._refuse_nonsense()

        def choose(quote_sudo):
            quote_sudo._choose_line(line_id, content_hash, **choice)
            return self._describe_content(quote_sudo)

        return self._answer(quote_id, access_token, choose)

    def _describe_content(self, quote_sudo):
        """Return what has to change on the page."""
        values = {
            "tax_totals": quote_sudo.tax_totals,
            "currency": quote_sudo.currency_id,
        }
        return {
            "content_hash": quote_sudo.content_hash,
            "amounts": quote_sudo._get_portal_amounts(),
            "lines": {
                line.id: {
                    "quantity": quote_sudo._format_number(line.quantity),
                    "is_left_out": line.is_optional and not line.is_selected,
                    "discount": quote_sudo._format_number(line.discount),
                }
                for line in quote_sudo._get_portal_lines()
            },
            "tax_totals": request.env["ir.qweb"]._render(
                "account.document_tax_totals", values
            ),
        }

    @route(
        f"{PAGE_URL}/accept",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_crm_quote_accept(
        self,
        quote_id,
        access_token=None,
        content_hash=None,
        name=None,
        signature=None,
        **params,
    ):
        """Accept what the page shows, with a name and a signature."""
        if not all(isinstance(value, str) for value in (content_hash, name, signature)):
            return self._refuse_nonsense()

        def accept(quote_sudo):
            is_new = quote_sudo._sign(
                name,
                signature,
                content_hash,
                request.httprequest.remote_addr,
                self._get_visitor(quote_sudo, params),
            )
            message = "accepted" if is_new else "accepted_before"
            return {"redirect": self._get_return_url(quote_sudo, params, message)}

        return self._answer(quote_id, access_token, accept)

    @route(
        f"{PAGE_URL}/decline",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_crm_quote_decline(
        self, quote_id, access_token=None, reason=None, **params
    ):
        """Decline the quote, with a reason."""
        if not isinstance(reason, str):
            return self._refuse_nonsense()

        def decline(quote_sudo):
            quote_sudo._decline(reason, self._get_visitor(quote_sudo, params))
            return {"redirect": self._get_return_url(quote_sudo, params, "declined")}

        return self._answer(quote_id, access_token, decline)

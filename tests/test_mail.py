"""Quotes on their way to the customer and back, through a real mail server."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import pytest
from clients import Company, Refused, WebClient, XmlRpc, create_user
from database import connecting, wait_for_lock
from mail_catcher import HOST, catching_mail
from pypdf import PdfReader

CUSTOMER = "buyer@abc.example"
SALESPERSON = "seller@our.example"


@pytest.fixture
def catcher(admin):
    """A mail server that Odoo uses for the time of a test."""
    with catching_mail() as catcher:
        server = admin.create(
            "ir.mail_server",
            name="Catcher",
            smtp_host=HOST,
            smtp_port=catcher.port,
            smtp_encryption="none",
        )
        yield catcher
        admin.call("ir.mail_server", "unlink", [server])


@pytest.fixture(scope="module")
def admin(mailing_server):
    return XmlRpc(mailing_server, mailing_server.login, mailing_server.password)


@pytest.fixture(scope="module")
def company(admin):
    # Where answers go to; without it they would go to the salesperson alone.
    domains = admin.search("mail.alias.domain")
    domain = (
        domains[0] if domains else admin.create("mail.alias.domain", name="our.example")
    )
    for company_id in admin.search("res.company"):
        admin.call(
            "res.company", "write", [company_id], vals={"alias_domain_id": domain}
        )
    company = Company.set_up(admin)
    admin.call("res.partner", "write", [company.customer], vals={"email": CUSTOMER})
    return company


@pytest.fixture(scope="module")
def seller(mailing_server, admin):
    user = create_user(admin, "seller", "sales_team.group_sale_salesman")
    admin.call("res.users", "write", [user], vals={"email": SALESPERSON})
    return XmlRpc(mailing_server, "seller", "seller")


@pytest.fixture
def quote(seller, company):
    values = company.prepare_quote()
    del values["date_quote"], values["validity_date"]
    return seller.create("billinator.quote", **values)


def _state(client, quote):
    return client.read("billinator.quote", quote, "state")["state"]


def _read_pdf(mail):
    [part] = [
        part for part in mail.iter_attachments() if "pdf" in part.get_content_type()
    ]
    pages = PdfReader(io.BytesIO(part.get_content())).pages
    return part.get_filename(), " ".join(page.extract_text() for page in pages)


def _answer(admin, mail, text, **headers):
    """Feed an answer to ``mail`` through the gateway, as a mail server does."""
    answer = EmailMessage()
    answer["From"] = f"Bea Buyer <{CUSTOMER}>"
    answer["To"] = str(mail["Reply-To"] or mail["From"])
    answer["Subject"] = f"Re: {mail['Subject']}"
    answer["Message-Id"] = f"<{abs(hash(text))}@abc.example>"
    answer["In-Reply-To"] = answer["References"] = str(mail["Message-Id"])
    for name, value in headers.items():
        answer[name.replace("_", "-")] = value
    answer.set_content(text)
    return admin.deliver_mail(answer)


def _send_from_composer(browser, quote):
    """What the web client does with the action: a composer with its context, sent."""
    action = browser.call("billinator.quote", "action_send", [quote])
    context = action["context"]
    model = action["res_model"]
    composer = browser.call(model, "web_save", [], {}, {}, context=context)
    browser.call(model, "action_send_mail", [composer[0]["id"]], context=context)


def _work_off_queue(admin):
    cron = admin.reference("mail.ir_cron_mail_scheduler_action")
    admin.call("ir.cron", "method_direct_trigger", [cron])


def test_the_customer_gets_the_quote_and_it_is_sent(
    mailing_server, seller, quote, catcher
):
    name = seller.read("billinator.quote", quote, "name")["name"]
    catcher.before_taking = lambda mail: states.append(_state(seller, quote))
    states = []
    _send_from_composer(WebClient(mailing_server, "seller", "seller"), quote)
    [mail] = catcher.mails_to(CUSTOMER)
    assert name in mail["Subject"]
    assert "Seller" in mail["From"]
    filename, text = _read_pdf(mail)
    assert filename == f"Quote {name.replace('/', '-')}.pdf"
    assert name in text and "11,800.00" in text
    # The composer alone, and a mail on its way, make no sent quote.
    assert set(states) == {"draft"}
    assert _state(seller, quote) == "sent"


def test_a_refused_mail_leaves_a_draft_and_says_so(admin, seller, quote, catcher):
    catcher.refused.add(CUSTOMER)
    seller.call("billinator.quote", "action_send_by_email", [quote])
    assert _state(seller, quote) == "draft"
    [notification] = admin.search(
        "mail.notification",
        ("mail_message_id.model", "=", "billinator.quote"),
        ("mail_message_id.res_id", "=", quote),
        ("notification_status", "=", "exception"),
    )
    failure = admin.read("mail.notification", notification, "failure_reason")
    assert "no such mailbox" in failure["failure_reason"]
    catcher.refused.clear()
    seller.call("billinator.quote", "action_send_by_email", [quote])
    assert _state(seller, quote) == "sent"


def test_queued_quotes_are_sent_when_the_queue_is(admin, seller, quote, catcher):
    seller.call("billinator.quote", "action_send_by_email", [quote], queue=True)
    assert not catcher.mails
    assert _state(seller, quote) == "draft"
    _work_off_queue(admin)
    assert catcher.mails_to(CUSTOMER)
    assert _state(seller, quote) == "sent"


def test_who_works_on_the_quote_meanwhile_causes_no_second_mail(
    admin, seller, quote, catcher
):
    catcher.before_taking = lambda mail: seller.call(
        "billinator.quote", "write", [quote], vals={"client_order_ref": "PO 4711"}
    )
    admin.call("billinator.quote", "action_send_by_email", [quote])
    _work_off_queue(admin)
    assert len(catcher.mails_to(CUSTOMER)) == 1
    values = seller.read("billinator.quote", quote, "state", "client_order_ref")
    assert (values["state"], values["client_order_ref"]) == ("sent", "PO 4711")


def test_it_is_sent_once_by_those_who_send_it_at_once(admin, seller, quote, catcher):
    def send(client):
        try:
            return client.call("billinator.quote", "action_send_by_email", [quote])
        except Refused as refusal:
            return refusal.message

    with ThreadPoolExecutor() as threads:
        answers = list(threads.map(send, (admin, seller)))
    [refusal] = [answer for answer in answers if answer is not True]
    assert re.search("sending or changing quote|is waiting to be sent", refusal)
    assert len(catcher.mails_to(CUSTOMER)) == 1
    assert _state(seller, quote) == "sent"


def test_who_does_not_know_what_was_just_done_does_not_send_it(
    mailing_server, seller, quote, catcher
):
    with connecting(mailing_server.database) as cursor, ThreadPoolExecutor() as threads:
        cursor.execute(
            "UPDATE billinator_quote SET write_date = write_date WHERE id = %s",
            (quote,),
        )
        sending = threads.submit(
            seller.call, "billinator.quote", "action_send_by_email", [quote]
        )
        wait_for_lock(mailing_server.database, "UPDATE billinator_quote quote")
        cursor.connection.commit()
        with pytest.raises(Refused, match="sending or changing quote"):
            sending.result()
    assert catcher.mails_to(CUSTOMER) == []


def test_who_begins_to_follow_meanwhile_does_not_stop_it(
    mailing_server, seller, company, quote, catcher
):
    with connecting(mailing_server.database) as cursor, ThreadPoolExecutor() as threads:
        cursor.execute(
            "INSERT INTO mail_followers (res_model, res_id, partner_id)"
            " VALUES ('billinator.quote', %s, %s)",
            (quote, company.customer),
        )
        sending = threads.submit(
            seller.call, "billinator.quote", "action_send_by_email", [quote]
        )
        wait_for_lock(mailing_server.database, 'INSERT INTO "mail_followers"')
        cursor.connection.commit()
        assert sending.result() is True
    assert len(catcher.mails_to(CUSTOMER)) == 1


def test_an_answer_reaches_thread_timeline_and_salesperson(
    admin, seller, company, quote, catcher
):
    seller.call("billinator.quote", "action_send_by_email", [quote])
    [sent] = catcher.mails_to(CUSTOMER)
    assert "catchall@" in sent["Reply-To"]
    assert _answer(admin, sent, "Can you do it by May?") == quote
    [message, *_others] = seller.search(
        "mail.message", ("model", "=", "billinator.quote"), ("res_id", "=", quote)
    )
    values = seller.read("mail.message", message, "body", "message_type", "author_id")
    assert "Can you do it by May?" in values["body"]
    assert values["message_type"] == "email"
    assert values["author_id"] == company.customer
    timeline = seller.call(
        "billinator.timeline", "get_timeline", partner_id=company.customer, limit=5
    )
    assert any("by May?" in str(event) for event in timeline["events"])
    [notice] = catcher.mails_to(SALESPERSON)
    assert "by May?" in notice.get_body(("html",)).get_content()


def test_a_bounce_changes_nothing(admin, seller, quote, catcher):
    seller.call("billinator.quote", "action_send_by_email", [quote])
    [sent] = catcher.mails_to(CUSTOMER)
    _answer(
        admin,
        sent,
        "Out of office",
        Auto_Submitted="auto-replied",
        X_Auto_Response_Suppress="All",
    )
    assert _state(seller, quote) == "sent"
    seller.call("billinator.quote", "action_reset_to_draft", [quote])
    bounce = EmailMessage()
    bounce["From"] = "MAILER-DAEMON@abc.example"
    bounce["To"] = str(sent["Return-Path"] or sent["From"])
    bounce["Subject"] = "Undelivered Mail Returned to Sender"
    bounce["In-Reply-To"] = bounce["References"] = str(sent["Message-Id"])
    bounce.set_content("550 no such mailbox")
    admin.deliver_mail(bounce)
    assert _state(seller, quote) == "draft"

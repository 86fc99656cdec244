"""A deal knows its next activity, however many people change its activities at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import SECONDS, XmlRpc
from database import connecting, wait_for_lock

DEAL = "billinator.opportunity"


@pytest.mark.parametrize(
    "ending,due", [("commit", "2034-05-09"), ("rollback", "2034-05-08")]
)
def test_two_at_once(accepting_server, ending, due):
    """One has moved the later activity, which changes nothing; one does the first."""
    admin = XmlRpc(accepting_server, accepting_server.login, accepting_server.password)
    deal = admin.create(DEAL, name="Busy", partner_name="Mill")
    first, later = (
        admin.create(
            "mail.activity",
            activity_type_id=admin.reference("mail.mail_activity_data_todo"),
            res_model_id=admin.search("ir.model", ("model", "=", DEAL))[0],
            res_id=deal,
            date_deadline=day,
        )
        for day in ("2034-05-06", "2034-05-08")
    )
    with ThreadPoolExecutor() as pool, connecting(accepting_server.database) as cursor:
        cursor.execute(
            "UPDATE mail_activity SET date_deadline = date_deadline + 1 WHERE id = %s",
            [later],
        )
        call = pool.submit(admin.call, "mail.activity", "action_done", [first])
        wait_for_lock(accepting_server.database, 'UPDATE "mail_activity"')
        getattr(cursor.connection, ending)()
        call.result(SECONDS)
        cursor.connection.rollback()
        cursor.execute(
            "SELECT (date_activity_due AT TIME ZONE 'UTC' AT TIME ZONE coalesce("
            " (SELECT user_tz FROM mail_activity WHERE id = %s), 'UTC'))::date::text"
            " FROM billinator_opportunity WHERE id = %s",
            [later, deal],
        )
        assert cursor.fetchone() == (due,)

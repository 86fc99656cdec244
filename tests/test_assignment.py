"""Deals that come in at the same moment go to a team's members in turn.

One transaction is held open that has taken a turn: nobody waits for it, whatever
becomes of it.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import SECONDS, XmlRpc
from database import connecting

DEAL, TEAM, MEMBER, USER = (
    "billinator.opportunity",
    "crm.team",
    "crm.team.member",
    "res.users",
)
MEMBERS, ROUNDS, CLIENTS = 4, 6, 4


@pytest.fixture
def team(admin):
    group = admin.reference("sales_team.group_sale_salesman")
    users = admin.create_all(
        USER,
        [
            {
                "name": f"Member {number}",
                "login": f"member{number}@turns.example",
                "group_ids": [(4, group)],
            }
            for number in range(MEMBERS)
        ],
    )
    team = admin.create(TEAM, name="Turns", opportunity_assignment="turn")
    admin.create_all(MEMBER, [{"crm_team_id": team, "user_id": user} for user in users])
    yield team
    admin.call(TEAM, "write", [team], vals={"opportunity_assignment": "manual"})
    admin.call(USER, "write", users, vals={"active": False})


def test_turns_at_the_same_moment(crm_server, admin, team):
    clients = [
        XmlRpc(crm_server, crm_server.login, crm_server.password)
        for _number in range(CLIENTS)
    ]

    def bring(client):
        return [
            client.create(
                DEAL, name="Deal", partner_name="New", user_id=False, team_id=team
            )
            for _number in range(MEMBERS * ROUNDS // CLIENTS)
        ]

    with (
        connecting(crm_server.database) as cursor,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        # As an import does that is at work for minutes: it has its turns.
        cursor.execute(
            "SELECT nextval(%s) FROM generate_series(1, %s)",
            [f"billinator_crm_team_turn_{team}", MEMBERS],
        )
        deals = [
            deal
            for future in [pool.submit(bring, client) for client in clients]
            for deal in future.result(SECONDS)
        ]
    rows = admin.call(DEAL, "read", deals, fields=["user_id"], load="ids")
    turns = Counter(row["user_id"] for row in rows)
    assert sorted(turns.values()) == [ROUNDS] * MEMBERS

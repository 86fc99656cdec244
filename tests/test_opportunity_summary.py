"""What is added up in advance is exact while others are at work, and nobody waits.

One transaction is held open in the database, on deals of the very group that the
server's users change and that the nightly job counts anew meanwhile.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from clients import SECONDS, XmlRpc
from database import connecting

DEAL = "billinator.opportunity"
# Of every deal it is true, and the summary does not know it: deals are counted.
COUNTED = [["id", ">", 0]]
CHANGE = """
    UPDATE billinator_opportunity
       SET expected_revenue_company = expected_revenue_company + 0.01,
           date_closed = date_closed - interval '1 year'
     WHERE id = %s
"""


@dataclass
class Pipeline:
    """The deals of a server, and how they are summed up."""

    admin: XmlRpc
    database: str

    def check(self):
        """Return the figures, which are those of counting."""
        actual, expected = (
            self.admin.call(DEAL, "get_pipeline_statistics", domain=domain)
            for domain in ([], COUNTED)
        )
        for answer in (actual, expected):
            del answer["cycle_time_days"]
            for part in (answer["overall"], *answer["stages"]):
                del part["average_age_days"]
        assert actual == expected
        return actual["overall"]

    def recount(self):
        job = self.admin.reference("billinator_crm.ir_cron_recount_opportunities")
        self.admin.call("ir.cron", "method_direct_trigger", [job])

    def query(self, statement):
        with connecting(self.database) as cursor:
            cursor.execute(statement)
            return cursor.fetchall()


@pytest.fixture
def pipeline(admin, crm_server):
    return Pipeline(admin, crm_server.database)


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_two_at_once_and_the_recount(pipeline, ending):
    """The deals are won, in one month, so that their sums are in one row."""
    [mine, theirs] = pipeline.admin.search(DEAL, ("status", "=", "won"))[:2]
    before = pipeline.check()
    values = {"expected_revenue": 4711.47}
    with connecting(pipeline.database) as cursor, ThreadPoolExecutor() as pool:
        cursor.execute(CHANGE, [mine])
        # Whoever waited for this transaction would wait forever.
        pool.submit(pipeline.admin.call, DEAL, "write", [theirs], vals=values).result(
            SECONDS
        )
        during = pipeline.check()
        pool.submit(pipeline.recount).result(SECONDS)
        assert pipeline.check() == during
        getattr(cursor.connection, ending)()
    after = pipeline.check()
    added = {"commit": 0.01, "rollback": 0}[ending]
    assert after["value"] == pytest.approx(during["value"] + added, abs=1e-6)
    assert after["count"] == before["count"]
    pipeline.recount()
    assert pipeline.check() == after

"""A sales history over the last twelve months, for the demo data.

Its dates count back from today; everything else is drawn with a fixed seed, so that
every installation tells the same story.
"""

from .activity_history import ActivityHistory
from .deal_history import DealHistory
from .note_history import NoteHistory
from .quote_history import QuoteHistory
from .snapshot_history import SnapshotHistory
from .target_history import TargetHistory

# Nobody is told by mail about what never happened.
QUIET = {
    "mail_activity_quick_update": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_create_nosubscribe": True,
    "tracking_disable": True,
}


def create_sales_history(env):
    """Create deals, quotes, notes, activities and targets; invoices where possible.

    To be called by the superuser while the registry is loading: only then do records
    keep the creation dates they are given.

    :param env: environment in the company that gets the history
    """
    env = env(context={**env.context, **QUIET})
    deals = DealHistory(env).make()
    QuoteHistory(env, deals).make()
    NoteHistory(env, deals).make()
    ActivityHistory(env, deals).make()
    SnapshotHistory(env).make()
    env["billinator.tag"].search([("is_segment", "=", True)])._refresh(is_new=True)
    # From now on; the story above says itself which deals are won.
    stage = env.ref("billinator_crm.billinator_stage_negotiation")
    stage.accepted_stage_id = env.ref("billinator_crm.billinator_stage_won")
    TargetHistory(env, deals).make()
    env["billinator.stage.conversion"]._refresh()
    env["billinator.opportunity"].union(*deals)._update_history_probabilities()

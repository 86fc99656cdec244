"""A pipeline whose chances are known, to compare forecasts with the truth."""

from datetime import timedelta
from random import Random

OPEN_STAGES = ("LEAD", "QUALIFIED", "PROPOSAL", "NEGOTIATION")
# A deal's chance a week to go on to the next stage, while it is fresh, and to be lost.
FORWARD = (0.30, 0.35, 0.40, 0.45)
LOST = (0.16, 0.08, 0.07, 0.04)
# Each week in a stage, going on gets less likely by that: who waits, waits on.
STALENESS = 0.75
LAST_WEEK = 40
DAYS = 1100


def get_moves(stage, week):
    """Return a deal's chances to go on and to be lost in a week of its stage."""
    if week >= LAST_WEEK:
        return 0.0, 1.0
    return FORWARD[stage] * STALENESS**week, LOST[stage]


def get_chances():
    """Return the true chance to be won of a deal in each stage, by week in it."""
    chances, following = {}, 1.0
    for stage in reversed(range(len(OPEN_STAGES))):
        chance = 0.0
        for week in reversed(range(LAST_WEEK + 1)):
            forward, lost = get_moves(stage, week)
            chance = forward * following + (1 - forward - lost) * chance
            chances[OPEN_STAGES[stage], week] = chance
        following = chance
    return chances


def live(random):
    """Draw a deal's life: how many days it stays in each stage, and if it is won."""
    stays = []
    for stage in range(len(OPEN_STAGES)):
        for week in range(LAST_WEEK + 1):
            forward, lost = get_moves(stage, week)
            draw = random.random()
            if draw < forward + lost:
                stays.append((week + random.random()) * 7)
                break
        if draw >= forward:
            return stays, False
    return stays, True


class Deal:
    """A deal as it stands at a moment, and how it will end."""

    def __init__(self, created, stays, is_won, now):
        self.created = created
        self.is_won = is_won
        moments = [created]
        for stay in stays:
            moments.append(moments[-1] + timedelta(days=stay))
        end = ("WON" if is_won else "LOST",)
        stages = OPEN_STAGES[: len(stays)] + end
        self.changes = [
            change
            for change in zip(stages, stages[1:], moments[1:], strict=False)
            if change[2] <= now
        ]
        self.stage = stages[len(self.changes)]
        self.is_open = self.stage in OPEN_STAGES
        self.last_moment = moments[len(self.changes)]
        self.week = int((now - self.last_moment).days / 7)


def create_world(env, count, seed=1950, days=DAYS):
    """Create deals that came in over some days, with their history.

    :return: dict of opportunity: :class:`Deal`
    """
    random = Random(seed)
    now = env.cr.now()
    deals = []
    for _number in range(count):
        created = now - timedelta(days=random.uniform(0, days))
        deals.append(Deal(created, *live(random), now))
    stages = {stage.code: stage.id for stage in env["billinator.stage"].search([])}
    reason = env["billinator.lost.reason"].search([], limit=1)
    opportunities = env["billinator.opportunity"].with_context(tracking_disable=True)
    opportunities = opportunities.create(
        [
            {
                "name": f"World {number}",
                "contact_name": "Somebody",
                "stage_id": stages[deal.stage],
                "lost_reason_id": deal.stage == "LOST" and reason.id,
                "expected_revenue": round(random.lognormvariate(9, 1)),
                "date_deadline": now.date() + timedelta(days=random.randint(0, 25)),
            }
            for number, deal in enumerate(deals)
        ]
    )
    env.flush_all()
    world = dict(zip(opportunities, deals, strict=True))
    _write_moments(env, world)
    _write_changes(env, world, stages)
    env.invalidate_all()
    return world


def _write_moments(env, world):
    env.cr.execute_values(
        """
        UPDATE billinator_opportunity deal
           SET create_date = past.created::timestamp,
               date_last_stage_update = past.moved::timestamp,
               date_closed = CASE WHEN status <> 'open' THEN past.moved::timestamp END
          FROM (VALUES %s) AS past (id, created, moved)
         WHERE deal.id = past.id
        """,
        [(record.id, deal.created, deal.last_moment) for record, deal in world.items()],
        page_size=1000,
    )


def _write_changes(env, world, stages):
    """Let the chatter know all changes of the stage, in one message a deal."""
    env.cr.execute(
        """
        INSERT INTO mail_message (model, res_id, message_type, date)
        SELECT 'billinator.opportunity', id, 'notification', create_date
          FROM billinator_opportunity WHERE id IN %s
     RETURNING res_id, id
        """,
        [tuple(record.id for record in world)],
    )
    messages = dict(env.cr.fetchall())
    field = env["ir.model.fields"]._get("billinator.opportunity", "stage_id")
    env.cr.execute_values(
        """
        INSERT INTO mail_tracking_value (mail_message_id, field_id, create_date,
                                         old_value_integer, new_value_integer)
        VALUES %s
        """,
        [
            (messages[record.id], field.id, moment, stages[old], stages[new])
            for record, deal in world.items()
            for old, new, moment in deal.changes
        ],
        page_size=1000,
    )


def brier(pairs):
    """Return the mean squared error of forecasts (Brier 1950), 0 being the best.

    :param pairs: iterable of (probability from 0 to 1, whether it happened)
    """
    errors = [(probability - happened) ** 2 for probability, happened in pairs]
    return sum(errors) / len(errors)

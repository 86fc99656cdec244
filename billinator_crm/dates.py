"""When days begin."""

from datetime import datetime, time

import pytz


def begin_of_day(env, day):
    """Return the moment, in UTC, at which a day begins where the user is.

    That is the zone of the context, or the user's; UTC, where there is none like that.
    """
    begin = env.tz.localize(datetime.combine(day, time.min))
    return begin.astimezone(pytz.utc).replace(tzinfo=None)

"""Which database answers what: Odoo's statements on either side, call by call."""

from readings import RestReadings, WebReadings
from scene import DATABASE

WORKERS = 2
# Every worker has filled its caches after so many calls.
WARM_UP = 4


def report(scene):
    """Print a line for each reading.

    :return: the names of the readings that the primary had to answer
    """
    found = {}
    print("reading".ljust(50), f"{'primary':>8} {'replica':>8}")
    with scene.serve(WORKERS, 1) as opened:
        for name, reading in get_readings(opened).items():
            statements = count(scene, reading)
            primary, standby = (sum(one.values()) for one in statements)
            print(name.ljust(50), f"{primary:8} {standby:8}")
            if primary:
                found[name] = statements[0]
    for name, statements in found.items():
        print(f"\n{name}, on the primary:", *statements, sep="\n  ")
    return list(found)


def get_readings(opened):
    return {
        **WebReadings(opened.web).get_all(),
        **RestReadings(opened.api, opened.web).get_all(),
    }


def count(scene, reading):
    """Return the statements of one reading, on the primary and on the standby."""
    for _number in range(WARM_UP):
        reading()
    clusters = (scene.primary, scene.standby)
    for cluster in clusters:
        cluster.forget_statements()
    reading()
    return [cluster.count_statements(DATABASE) for cluster in clusters]

"""Runs the addon on a primary and standbys, and tells what each of them answers.

See README.md beside this file. Usage: python run.py [--only PART...] [--deals DEALS]
"""

import argparse
import signal
import sys

import behaviour
import jobs
import routes
import throughput
from scene import prepared_scene

PARTS = {
    "routes": routes,
    "behaviour": behaviour,
    "throughput": throughput,
    "jobs": jobs,
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--deals", type=int, default=20_000, help="(%(default)s)")
    return parser.parse_args()


def main():
    options = parse_arguments()
    # The databases are stopped and removed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with prepared_scene(options.deals) as scene:
        failures = [
            failure for name in options.only for failure in PARTS[name].report(scene)
        ]
    if failures:
        raise SystemExit(f"\nNot as expected: {', '.join(failures)}")


if __name__ == "__main__":
    main()

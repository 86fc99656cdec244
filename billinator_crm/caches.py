"""What is kept in memory of settings, for each transaction as it sees them.

A transaction sees the database as it was at its beginning, whatever others have
committed since, in this process or in another one. So what is remembered belongs to the
version of the settings that the transaction sees.
"""

from uuid import uuid4

from odoo.tools import SQL, ormcache

# A system parameter, which is seen with the change: another value after each. See
# data/ir_config_parameter_data.xml.
VERSION = "billinator_crm.settings_version"


def settings_cache(*keys):
    """Return a decorator to remember what a method reads of settings.

    :param keys: expressions of what it depends on besides, as of ``ormcache``
    """
    version = "self.env['billinator.settings.mixin']._get_settings_version()"
    return ormcache(*keys, version)


def get_settings_version(env):
    # Asked for once in each transaction: a rollback, also to a savepoint, empties this.
    cache = env.cr.cache
    if VERSION not in cache:
        query = SQL("SELECT value FROM ir_config_parameter WHERE key = %s", VERSION)
        rows = env.execute_query(query)
        # Without one, nothing is found again.
        cache[VERSION] = rows[0][0] if rows else uuid4()
    return cache[VERSION]


def forget_settings(env):
    """Let nobody who sees what this transaction changes see what was remembered."""
    version = str(uuid4())
    env.cr.execute(
        SQL(
            "UPDATE ir_config_parameter SET value = %s WHERE key = %s", version, VERSION
        )
    )
    env.cr.cache.pop(VERSION, None)

"""What all threads of a server keep in memory of settings, in step with the commits."""

from odoo.tools import SQL, ormcache

# Of the registry: the last transaction that changed settings.
LAST_CHANGE = "_billinator_last_change"


class settings_cache(ormcache):
    """Remembers what a method reads of settings, which ``forget_settings`` forgets.

    A transaction sees the database as it was at its beginning: what was changed since
    then, it must not remember for others as it was before.
    """

    def lookup(self, *args, **kwargs):
        model = args[0]
        cache = model.pool._Registry__caches[self.cache_name]
        key = self.key(*args, **kwargs)
        is_remembered = key in cache
        value = super().lookup(*args, **kwargs)
        # Only after it is in the cache, where a commit meanwhile would not find it.
        if not is_remembered and not _sees_last_change(model.env):
            cache.pop(key, None)
        return value


def _sees_last_change(env):
    change = getattr(env.registry, LAST_CHANGE, None)
    if change is None:
        return True
    is_visible = "SELECT pg_visible_in_snapshot(%s::xid8, pg_current_snapshot())"
    return env.execute_query(SQL(is_visible, change))[0][0]


def forget_settings(env):
    """Empty the caches of settings, now and once more after the commit.

    Until the commit, other threads read what was before, and remember it.
    """
    env.registry.clear_cache()
    registry, postcommit = env.registry, env.cr.postcommit
    if LAST_CHANGE in postcommit.data:
        return
    [[change]] = env.execute_query(SQL("SELECT pg_current_xact_id()"))
    postcommit.data[LAST_CHANGE] = change

    @postcommit.add
    def forget_again():
        setattr(registry, LAST_CHANGE, change)
        registry.clear_cache()
        # A cron has told the other processes before its commit already.
        if registry.ready:
            registry.signal_changes()

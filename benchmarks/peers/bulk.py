"""Rows by the million: copies of real records, inserted by the database itself."""

from contextlib import contextmanager

from odoo.tools import SQL

INDEXES = """
    SELECT c.relname, pg_get_indexdef(i.indexrelid)
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = ANY(%(tables)s::regclass[])
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      FROM pg_constraint
     WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype = 'f'
"""


def chance(salt):
    """Return a large number that depends on ``n``, as if by chance."""
    return SQL("abs(hashint4((n + %s)::int)::bigint)", salt * 1_000_003)


def share(salt):
    """Return a number from 0 to 1."""
    return SQL("((%s %% 10000) / 10000.0)", chance(salt))


def pick(values, salt, kind="int"):
    """Return one of the values."""
    return pick_at(values, SQL("%s %% %s", chance(salt), len(values)), kind)


def pick_at(values, place, kind="int"):
    """Return the value at a place, from 0."""
    array = SQL(f"%s::{kind}[]", list(values))  # pylint: disable=sql-injection
    return SQL("(%s)[1 + %s]", array, place)


class Bulk:
    """Copies rows of ``n`` from 1 on, with other values in some columns."""

    def __init__(self, cr):
        self.cr = cr

    def copy(self, templates, count, place=None, join=None, **values):
        """Insert ``count`` copies of records.

        :param templates: records of one model, of which ``place`` chooses
        :param SQL place: place of the template of row ``n``; the first by default
        :param SQL join: tables whose columns the values may name
        :param values: SQL by column; it may name ``n``, ``new_id`` and ``template``
        :return: the id before the first; the ids follow one another
        """
        query, last = self.get_query(templates, count, place, join, **values)
        self.cr.execute(query)
        sequence = f"{templates._table}_id_seq"
        self.cr.execute(SQL("SELECT setval(%s, %s)", sequence, last + count))
        return last

    def get_query(self, templates, count, place=None, join=None, **values):
        """Return what :meth:`copy` executes, and the id before the first."""
        table = templates._table
        columns = self.get_columns(table)
        unknown = values.keys() - set(columns)
        if unknown:
            raise ValueError(f"{table} has no columns {', '.join(sorted(unknown))}")
        sources = [
            values.get(name, SQL.identifier("template", name)) for name in columns
        ]
        last = self._get_last_id(table)
        query = SQL(
            "INSERT INTO %(table)s (id, %(columns)s) SELECT new_id, %(sources)s"
            " FROM (SELECT n, %(last)s + n AS new_id"
            " FROM generate_series(1, %(count)s) n) series"
            " JOIN %(table)s template ON template.id = %(template)s %(join)s",
            table=SQL.identifier(table),
            columns=SQL(", ").join(map(SQL.identifier, columns)),
            sources=SQL(", ").join(sources),
            last=last,
            count=count,
            template=pick_at(templates.ids, place or SQL("0")),
            join=join or SQL(""),
        )
        return query, last

    def relate(self, relation, columns, query):
        """Insert the rows of a query into a table of pairs."""
        names = SQL(", ").join(map(SQL.identifier, columns))
        self.cr.execute(
            SQL("INSERT INTO %s (%s) %s", SQL.identifier(relation), names, query)
        )

    def get_columns(self, table):
        self.cr.execute(
            SQL(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attname <> 'id'",
                table,
            )
        )
        return [name for (name,) in self.cr.fetchall()]

    def _get_last_id(self, table):
        self.cr.execute(SQL("SELECT MAX(id) FROM %s", SQL.identifier(table)))
        return self.cr.fetchone()[0] or 0


@contextmanager
def without_indexes(cr, tables):
    """Build indexes and check foreign keys once, at the end, which takes less long."""
    cr.execute("SET LOCAL maintenance_work_mem = '512MB'")
    cr.execute(INDEXES, {"tables": list(tables)})
    indexes = cr.fetchall()
    cr.execute(FOREIGN_KEYS, {"tables": list(tables)})
    keys = cr.fetchall()
    for name, _definition in indexes:
        cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
    for table, name, _definition in keys:
        cr.execute(
            SQL(
                "ALTER TABLE %s DROP CONSTRAINT %s",
                SQL.identifier(table),
                SQL.identifier(name),
            )
        )
    yield
    for _name, definition in indexes:
        cr.execute(definition.replace("%", "%%"), ())
    for table, name, definition in keys:
        cr.execute(
            SQL(
                "ALTER TABLE %s ADD CONSTRAINT %s %s",
                SQL.identifier(table),
                SQL.identifier(name),
                SQL(definition),
            )
        )

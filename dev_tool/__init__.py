"""Sets up a real Odoo below ``.dev/`` and runs, tests and checks the addons with it.

Standard library only, no root needed. One module a room:

- ``commands``: the command line, and what each command does in order
- ``terminal``: steps with their time, problems in one sentence
- ``places``: where things are, and folders that are complete or absent
- ``debian``: packages of the machine's own mirror, without root
- ``odoo_source``: the Odoo tree
- ``python_env``: virtual environments with the pinned packages
- ``postgres``: the database server
- ``programs``: the browser and the PDF printer
- ``odoo``: Odoo's configuration and command line
- ``databases``: prepared databases and their copies
- ``server``: a running Odoo
- ``linters``: the linters
- ``log_check``: a pytest plugin that fails a test for an unexpected log line
"""

"""Prepared databases and their copies.

What a database is made of is part of its name, and it gets that name only once it is
complete. So a database that is there can be used as it is.
"""

import os
import re
import shutil
from dataclasses import dataclass

from .odoo import DATA, Odoo
from .places import (
    ROOT,
    addons,
    addons_fingerprint,
    core_addons,
    dependencies,
    digest,
)
from .terminal import Problem, step

FILESTORES = DATA / "filestore"
# Pages are asked for many times; what they load is built here once, and only that:
# Odoo's own unit tests, for instance, take longer to bundle than all of these.
BUNDLES = (
    *("bus.websocket_worker_assets", "portal.assets_chatter"),
    *("portal.assets_chatter_style", "web.__assets_tests_call__"),
    *("web.assets_backend_lazy", "web.assets_clickbot", "web.assets_emoji"),
    *("web.assets_frontend", "web.assets_frontend_lazy"),
    *("web.assets_frontend_minimal", "web.assets_tests", "web.assets_web"),
    *("web.chartjs_lib", "web.fullcalendar_lib"),
)
# Of the backend once more, for the printer, pages load the style alone.
STYLE = "web.assets_web_print"
# What is printed gets prefixes for an older browser.
REPORT_BUNDLES = ("web.report_assets_common", "web.report_assets_pdf")
# Pages of a website load theirs from addresses of its own; its editor loads more.
WEBSITE_BUNDLES = (
    *("portal.assets_chatter", "portal.assets_chatter_style"),
    *("web.__assets_tests_call__", "web.assets_frontend", "web.assets_frontend_lazy"),
    *("web.assets_frontend_minimal", "website.assets_inside_builder_iframe"),
)
BESIDE_WEBSITE = (
    "web.assets_tests",
    "web.assets_web",
    "website.website_builder_assets",
)


def _build(bundles, qweb="env['ir.qweb']", autoprefix=False):
    """The code that builds what these bundles are of: styles and scripts."""
    return (
        f"for name in {bundles}:\n"
        f"    bundle = {qweb}._get_asset_bundle(name, autoprefix={autoprefix})\n"
        "    bundle.css(), bundle.js()\n"
    )


BUILD_STYLE = (
    f"env['ir.qweb']._get_asset_bundle({STYLE!r}, js=False).css()\nenv.cr.commit()\n"
)
BUILD_ASSETS = _build(BUNDLES) + _build(REPORT_BUNDLES, autoprefix=True) + BUILD_STYLE
WEBSITE = "env.ref('website.default_website').id"
OF_WEBSITE = f"env['ir.qweb'].with_context(website_id={WEBSITE})"
BUILD_WEBSITE_ASSETS = (
    _build(BESIDE_WEBSITE) + _build(WEBSITE_BUNDLES, OF_WEBSITE) + BUILD_STYLE
)
# What Odoo does for a new company once its country is known.
LOAD_ACCOUNTS = (
    "env['account.chart.template'].try_loading('generic_coa', env.company, False)\n"
    "env.cr.commit()"
)
# Tests that invoice make such a company themselves where this one is not there. Its day
# is theirs, at any hour.
TEST_COMPANY = (
    "env = env(context={'tz': 'UTC'})\n"
    "company = env['res.company'].create({'name': 'company_with_accounts'})\n"
    "env.user.company_ids -= company\n"
    "env['account.chart.template'].try_loading('generic_coa', company, False)\n"
    "company.account_fiscal_country_id = env.ref('base.us')\n"
    "env.cr.commit()"
)
BENCHMARK = ROOT / "benchmarks" / "peers"
GENERATORS = ("generate.py", "bulk.py", "sides.py")
PEERS = ["crm", "sale_management", "sale_crm"]
MIGRATION = ["billinator_crm_migration"]
IS_ASSET = "url LIKE '/web/assets/%'"
ASSET_COLUMNS = (
    "name, res_model, res_id, type, url, public, store_fname, file_size, checksum, "
    "mimetype, create_uid, write_uid, create_date, write_date"
)
ASSETS = f"SELECT {ASSET_COLUMNS} FROM ir_attachment WHERE {IS_ASSET}"


@dataclass
class Databases:
    """The databases that this checkout makes."""

    odoo: Odoo

    def provide(self, name, demo):
        """Have a database to work in, with the addons as they are now."""
        check_name(name)
        wanted = {addon.name: addons_fingerprint([addon]) for addon in addons()}
        if not self._exists(name):
            prepared = self.prepared(demo)
            with step(f"Database {name}"):
                self._fill_and_name(name, lambda part: self.copy(prepared, part))
        elif changed := wanted.items() - self._recorded_fingerprints(name).items():
            with step(f"Upgrading the addons in database {name}"):
                self._upgrade(name, sorted(addon for addon, _fingerprint in changed))
        self.record_fingerprints(name, wanted)

    def prepared(self, demo=True):
        """A database with the addons that nobody opens: it is there to be copied."""
        template = self.with_dependencies(demo)
        return self._provide_once(
            f"prepared_{_contents(demo)}",
            digest(template, addons_fingerprint(core_addons())),
            f"The addons on top ({_contents(demo)})",
            lambda part: self._install(template, part, demo),
        )

    def with_website(self):
        """A prepared database with the website, which brings along our addon for it."""
        prepared = self.prepared()
        return self._provide_once(
            "website",
            digest(prepared, addons_fingerprint(addons())),
            "The website on top",
            lambda part: self._install_website(prepared, part),
        )

    def with_peers(self):
        """A prepared database with Odoo's own CRM and sales beside ours."""
        prepared = self.prepared()
        return self._provide_once(
            "peers",
            digest(prepared, PEERS),
            "Odoo's own CRM and sales on top",
            lambda part: self._install_on(prepared, part, "beside", PEERS),
        )

    def with_migration(self):
        """The same with our addon that brings over what is in Odoo's."""
        peers = self.with_peers()
        return self._provide_once(
            "migration",
            digest(peers, addons_fingerprint(addons())),
            "The switch from Odoo's CRM on top",
            lambda part: self._install_on(peers, part, "migration", MIGRATION),
        )

    def with_company(self):
        """A prepared database with a company that has accounts, taxes and journals."""
        prepared = self.prepared()
        return self._provide_once(
            "company",
            digest(prepared, TEST_COMPANY),
            "The tests' company on top",
            lambda part: self._add_company(prepared, part),
        )

    def record_fingerprints(self, name, fingerprints):
        """Note in ``name`` what each addon is like as which it has it."""
        recorded = " ".join(f"{addon}={one}" for addon, one in fingerprints.items())
        self._query(f"COMMENT ON DATABASE \"{name}\" IS '{recorded}'")

    def copy(self, source, target):
        """Copy a database and its files."""
        self._client("createdb", "-T", source, target)
        link_files(source, target)

    def copy_without_demo(self, source, target):
        """Copy a database; what is installed in the copy brings no sample data."""
        self.copy(source, target)
        postgres = self.odoo.postgres
        postgres.query("UPDATE ir_module_module SET demo = FALSE", target)

    def drop(self, name):
        """Delete a database, whoever is connected, and its files."""
        # Its own --force is refused while PostgreSQL cleans up in the database, which
        # it interrupts for a drop without.
        if self._exists(name):
            self._query(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            self._query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{name}' AND backend_type = 'client backend'"
            )
            self._client("dropdb", name)
        shutil.rmtree(FILESTORES / name, ignore_errors=True)

    def drop_abandoned_copies(self):
        """Drop the copies of tests that have ended."""
        for name in self._made_here("test"):
            if not _is_alive(int(name.split("_")[2])):
                self.drop(name)

    def with_dependencies(self, demo=True):
        """A database with all that our addons build on."""
        modules = sorted(
            set().union(*map(dependencies, core_addons())).difference(_names())
        )
        return self._provide_once(
            f"template_{_contents(demo)}",
            digest(str(ROOT), str(self.odoo.tree.root), modules),
            f"The {len(modules)} Odoo modules the addons build on ({_contents(demo)})",
            lambda part: self._create(part, modules, demo),
        )

    def for_benchmark(self, deals):
        """A database with our addon beside Odoo's own, and as many deals in each."""
        template = self.with_dependencies(demo=False)
        both = self._provide_once(
            "both",
            digest(template, addons_fingerprint(core_addons())),
            "The addon beside Odoo's own CRM and sales",
            lambda part: self._install_peers(template, part),
        )
        generators = [(BENCHMARK / name).read_bytes() for name in GENERATORS]
        return self._provide_once(
            f"bench_{deals}",
            digest(both, generators),
            f"{deals:,} deals on each side",
            lambda part: self._generate(both, part, deals),
        )

    def _provide_once(self, kind, key, title, fill):
        """The database ``kind`` for ``key``; those for earlier keys are dropped."""
        name = f"billinator_{kind}_{key}"
        if not self._exists(name):
            with step(title):
                for earlier in self._made_here(kind):
                    self.drop(earlier)
                self._fill_and_name(name, fill)
        return name

    def _fill_and_name(self, name, fill):
        partial = f"{name}_part"
        self.drop(partial)
        fill(partial)
        (FILESTORES / partial).mkdir(parents=True, exist_ok=True)
        shutil.rmtree(FILESTORES / name, ignore_errors=True)
        (FILESTORES / partial).rename(FILESTORES / name)
        self._query(f'ALTER DATABASE "{partial}" RENAME TO "{name}"')

    def _create(self, name, modules, demo):
        options = ["--with-demo"] if demo else []
        self._run_modules(f"create-{_contents(demo)}", name, "-i", modules, *options)

    def _install(self, template, name, demo):
        """The addons on top of a copy of ``template``, as which it has demo data."""
        self.copy(template, name)
        self._run_modules(f"install-{_contents(demo)}", name, "-i", _names())
        self.odoo.run_script("assets", name, BUILD_ASSETS)
        self._keep_assets(name, template)

    def _install_website(self, prepared, name):
        self.copy(prepared, name)
        self._run_modules("install-website", name, "-i", "website")
        self.odoo.run_script("assets-website", name, BUILD_WEBSITE_ASSETS)

    def _add_company(self, prepared, name):
        self.copy(prepared, name)
        self.odoo.run_script("company", name, TEST_COMPANY)

    def _install_on(self, source, name, log, modules):
        self.copy_without_demo(source, name)
        self._run_modules(f"install-{log}", name, "-i", modules)

    def _install_peers(self, template, name):
        self.copy(template, name)
        self._run_modules("install-peers", name, "-i", [*PEERS, "billinator_crm"])
        self.odoo.run_script("accounts", name, LOAD_ACCOUNTS)
        self.odoo.run_script("assets", name, BUILD_ASSETS)

    def _generate(self, source, name, deals):
        self.copy(source, name)
        self.odoo.run_python("generate", BENCHMARK / "generate.py", name, deals)

    def _keep_assets(self, name, template):
        """Give ``template`` the assets built for ``name``.

        The next copy then builds only those that an addon's change has made outdated.
        """
        postgres = self.odoo.postgres
        rows = postgres.query(f"COPY ({ASSETS}) TO STDOUT", name)
        postgres.query(f"DELETE FROM ir_attachment WHERE {IS_ASSET}", template)
        postgres.client(
            *("psql", "-XAtc", f"COPY ir_attachment ({ASSET_COLUMNS}) FROM STDIN"),
            template,
            input="".join(f"{row}\n" for row in rows),
        )
        link_files(name, template)

    def _upgrade(self, name, changed):
        """``-i`` is for an addon that was added since."""
        added = [addon for addon in changed if addon in _names()]
        install = ["-i", added] if added else []
        self._run_modules("upgrade", name, *install, "-u", changed)

    def _run_modules(self, log, name, *arguments):
        """Install or upgrade; a list among the arguments names the modules."""
        options = [",".join(one) if isinstance(one, list) else one for one in arguments]
        self.odoo.run(log, "-d", name, *options, "--stop-after-init", "--no-http")

    def _made_here(self, kind):
        """The names of the databases of this kind; each has files here."""
        return [folder.name for folder in FILESTORES.glob(f"billinator_{kind}_*")]

    def _exists(self, name):
        return bool(self._query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))

    def _recorded_fingerprints(self, name):
        """What each addon was like when ``name`` was last brought up to date."""
        [recorded] = self._query(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            f"WHERE datname = '{name}'"
        )
        return dict(re.findall(r"(\w+)=(\w+)", recorded))

    def _query(self, statement):
        return self.odoo.postgres.query(statement)

    def _client(self, *command):
        return self.odoo.postgres.client(*command)


def check_name(name):
    """Refuse what PostgreSQL and the file system would not take as it is."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise Problem(f"{name!r} cannot be the name of a database.")


def _contents(demo):
    return "demo" if demo else "bare"


def _names():
    return [addon.name for addon in core_addons()]


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # It is somebody else's.
    return True


def link_files(source, target):
    """Have the files of ``source`` in ``target``; they never change, so links do."""

    def link(file, place):
        if not os.path.exists(place):
            os.link(file, place)

    shutil.copytree(
        FILESTORES / source, FILESTORES / target, copy_function=link, dirs_exist_ok=True
    )

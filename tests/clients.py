"""The clients of the black-box tests, and what they set up through the API."""

import json
import multiprocessing
import xmlrpc.client
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException

import httpx

SECONDS = 60
# How the names of the errors begin by which a model refuses what it is asked.
REFUSALS = ("odoo.exceptions.", "odoo.addons.billinator_crm.exceptions.")


class Refused(Exception):
    """The server's answer to a call that it does not fulfil."""

    def __init__(self, code, message):
        super().__init__(code, message)
        self.code = code
        self.message = message


class Client:
    """A user of a database."""

    def call(self, model, method, ids=None, **arguments):
        """Call a public method of a model, on the records ``ids`` if it has any."""
        raise NotImplementedError

    def create(self, model, **values):
        """Create a record and return its id."""
        [record_id] = self.create_all(model, [values])
        return record_id

    def create_all(self, model, values_list):
        """Create a record of each of the values and return their ids."""
        raise NotImplementedError

    def read(self, model, record_id, *fields):
        [values] = self.call(model, "read", [record_id], fields=fields, load="ids")
        return values

    def search(self, model, *domain):
        return self.call(model, "search", domain=domain)

    def count(self, model, *domain):
        return self.call(model, "search_count", domain=domain)

    def reference(self, name):
        """Return the id of the record that a module calls ``name``."""
        module, xml_id = name.split(".")
        _model, record_id = self.call(
            "ir.model.data", "check_object_reference", module=module, xml_id=xml_id
        )
        return record_id


class XmlRpc(Client):
    """XML-RPC, with a password or an API key."""

    def __init__(self, server, login, password):
        self._transport = self._make_transport()
        common = xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/common")
        uid = common.authenticate(server.database, login, password, {})
        self._identity = (server.database, uid, password)
        self._server = xmlrpc.client.ServerProxy(
            f"{server.url}/xmlrpc/2/object", transport=self._transport
        )

    @property
    def lost_calls(self):
        """How many calls ended without an answer; each was repeated."""
        return self._transport.lost_calls

    def call(self, model, method, ids=None, **arguments):
        return self._execute(model, method, [] if ids is None else [ids], arguments)

    def create_all(self, model, values_list):
        return self._execute(model, "create", [values_list], {})

    def deliver_mail(self, mail):
        """Feed a mail to the gateway, as ``odoo-mailgate`` does.

        :param mail: an ``email.message.EmailMessage``
        :return: the id of the record whose thread it lands in, or False
        """
        arguments = [False, xmlrpc.client.Binary(mail.as_bytes())]
        return self._execute("mail.thread", "message_process", arguments, {})

    def _make_transport(self):
        return _CountingTransport()

    def _execute(self, *call):
        try:
            return self._server.execute_kw(*self._identity, *call)
        except xmlrpc.client.Fault as fault:
            raise Refused(fault.faultCode, fault.faultString) from fault


class _CountingTransport(xmlrpc.client.Transport):
    """Repeats a call that was not answered, and remembers that it did."""

    lost_calls = 0

    def request(self, *arguments, **options):
        while True:
            try:
                return self.single_request(*arguments, **options)
            except (ConnectionError, HTTPException):
                self.lost_calls += 1
                if self.lost_calls > 3:
                    raise


class Json2(Client):
    """JSON-2, with an API key."""

    def __init__(self, server, key):
        self._http = httpx.Client(
            base_url=f"{server.url}/json/2",
            headers={
                "Authorization": f"Bearer {key}",
                "X-Odoo-Database": server.database,
            },
            timeout=SECONDS,
        )

    def call(self, model, method, ids=None, **arguments):
        if ids is not None:
            arguments["ids"] = ids
        answer = self._http.post(f"/{model}/{method}", json=arguments)
        if answer.is_error:
            raise Refused(answer.status_code, answer.json()["message"])
        return answer.json()

    def create_all(self, model, values_list):
        return self.call(model, "create", vals_list=values_list)


class Rest(httpx.Client):
    """The REST API, with an API key; answers are httpx's own."""

    def __init__(self, server, key, **headers):
        super().__init__(
            base_url=f"{server.url}/api",
            headers={"Authorization": f"Bearer {key}", **headers},
            timeout=SECONDS,
        )

    def fetch(self, path, **params):
        """Return the content of what is there."""
        answer = self.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, path, **content):
        """Create something and return it."""
        answer = self.post(path, json=content)
        assert answer.status_code == 201, answer.text
        return answer.json()


class WebClient:
    """What a browser does: a session, and calls with its cookie."""

    def __init__(self, server, login, password):
        self._http = httpx.Client(base_url=server.url, timeout=SECONDS)
        self._password = password
        self.request(
            "/web/session/authenticate",
            db=server.database,
            login=login,
            password=password,
        )

    def call(self, model, method, *arguments, **options):
        return self.request(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=arguments,
            kwargs=options,
        )

    def create_api_key(self):
        """Ask for a key as in the user's preferences, which wants the password."""
        description = self.call(
            "res.users.apikeys.description", "create", {"name": "Tests"}
        )
        check = self.call("res.users.apikeys.description", "make_key", [description])
        shown = self.call(
            check["res_model"],
            "run_check",
            [check["res_id"]],
            context={"password": self._password},
        )
        return shown["context"]["default_key"]

    def get(self, path):
        """Return the answer, which must be a success."""
        return self._http.get(path).raise_for_status()

    def request(self, path, **params):
        """Call a JSON-RPC route."""
        answer = self._http.post(path, json={"jsonrpc": "2.0", "params": params})
        content = answer.raise_for_status().json()
        if "error" in content:
            raise Refused(answer.status_code, json.dumps(content["error"]))
        # Odoo leaves out a result of nothing.
        return content.get("result")


def create_user(admin, login, *groups):
    """Create a user whose password is the login, and return its id."""
    return admin.create(
        "res.users",
        name=login.title(),
        login=login,
        password=login,
        group_ids=[(6, 0, [admin.reference(group) for group in groups])],
    )


API_GROUP = "billinator_crm_rest.group_api_user"


def create_api_client(server, admin, login, *groups):
    """Create a user of the REST API, and return the user's client."""
    create_user(admin, login, API_GROUP, *groups)
    return Rest(server, WebClient(server, login, login).create_api_key())


@dataclass
class Company:
    """What is there before somebody can sell; ids all of them."""

    customer: int
    product: int
    tax: int

    @classmethod
    def set_up(cls, admin):
        """Have a customer, a product and a sale tax of 18%, which there can be once."""
        tax = {"name": "18%", "amount": 18.0, "type_tax_use": "sale"}
        known = admin.search("account.tax", ("name", "=", tax["name"]))
        return cls(
            customer=admin.create("res.partner", name="ABC Corp", is_company=True),
            product=admin.create("product.product", name="Product", list_price=900.0),
            tax=known[0] if known else admin.create("account.tax", **tax),
        )

    def prepare_quote(self, **item):
        """Return the values of a quote whose only item adds up to 11,800."""
        item = {
            "product_id": self.product,
            "name": "Product Name",
            "quantity": 10,
            "price_unit": 1000.0,
            "tax_ids": [(6, 0, [self.tax])],
            **item,
        }
        return {
            "partner_id": self.customer,
            "date_quote": "2024-01-15",
            "validity_date": "2024-02-15",
            "line_ids": [(0, 0, item)],
        }


@contextmanager
def running_at_once(function, arguments):
    """Run ``function`` once for each of ``arguments``, in a process each.

    Nobody starts before everybody is there. Gives the futures, in the arguments' order.
    """
    # It forks processes that have imported what they need, from one without threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([function.__module__])
    barrier = context.Barrier(len(arguments))
    with ProcessPoolExecutor(
        len(arguments), context, initializer=_keep_barrier, initargs=(barrier,)
    ) as executor:
        yield [executor.submit(_start_together, function, one) for one in arguments]


def _keep_barrier(barrier):
    global _barrier
    _barrier = barrier


def _start_together(function, argument):
    _barrier.wait(SECONDS)
    return function(argument)

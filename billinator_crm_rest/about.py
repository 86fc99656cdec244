"""What is about a customer, and may name a deal, a quote and a contact."""

from .resource import Resource, browse_by_id, is_same, refuse

# What says which customer a record is about, the first that is named.
DOCUMENTS = ("quote_id", "opportunity_id")
ABOUT = ("partner_id", *DOCUMENTS)
SUBJECTS = ("customer_id", "opportunity_id", "quote_id", "contact_id")


class AboutResource(Resource):
    """Records about a customer, whose contacts alone they name."""

    def to_new_values(self, record, data):
        """Let the former customer's contact go, where the body only repeats it."""
        values = super().to_new_values(record, data)
        contact = record.contact_id
        if contact and values.get("contact_id") == contact.id:
            [customer] = self._get_customers(record.env, [values], record)
            if customer not in (record.commercial_partner_id, contact.customer_id):
                del values["contact_id"]
        return values

    def _check_together(self, env, values_list, record):
        self._check_contacts(env, values_list, record)
        self._check_documents(env, values_list, record)

    def _check_contacts(self, env, values_list, record):
        named = [values for values in values_list if values.get("contact_id")]
        contacts = env["billinator.contact"].browse(v["contact_id"] for v in named)
        customers = self._get_customers(env, named, record)
        for contact, customer in zip(contacts, customers, strict=True):
            # Who has left the customer since is still the contact of what was; the
            # former customer's goes with that one.
            if record and contact == record.contact_id:
                continue
            if customer and contact.customer_id != customer:
                message = env._(
                    "%(person)s is not a contact of the customer, %(customer)s.",
                    person=contact.name,
                    customer=customer.display_name,
                )
                raise refuse("contact_id", message)

    def _check_documents(self, env, values_list, record):
        """Refuse deals and quotes of another customer than the one who is named."""
        named = [values for values in values_list if values.get("partner_id")]
        customers = browse_by_id(
            env["res.partner"], [values["partner_id"] for values in named]
        )
        for name in DOCUMENTS:
            # Who repeats one, which may be somebody else's, has not chosen it.
            chosen = [
                values
                for values in named
                if values.get(name)
                and not (record and is_same(record, name, values[name]))
            ]
            if not chosen:
                continue
            documents = browse_by_id(
                env[self.fields[name].model], [values[name] for values in chosen]
            )
            for values in chosen:
                document = documents[values[name]]
                customer = customers[values["partner_id"]]
                company = document.commercial_partner_id
                if company and company != customer.commercial_partner_id:
                    message = env._(
                        "%(document)s is not about the customer, %(customer)s.",
                        document=document.display_name,
                        customer=customer.display_name,
                    )
                    raise refuse(name, message)

    def _get_customers(self, env, values_list, record):
        """Yield the company that each values are about, if they or the record say so.

        Of several things that they name, the model checks that they fit.
        """
        fields = env[self.model]._fields
        customers = {
            name: {
                subject.id: subject.commercial_partner_id
                for subject in env[fields[name].comodel_name].browse(
                    {values[name] for values in values_list if values.get(name)}
                )
            }
            for name in ABOUT
            if name in fields
        }
        for values in values_list:
            name = next((name for name in customers if values.get(name)), None)
            if name:
                yield customers[name][values[name]]
            else:
                yield record and record.commercial_partner_id


def names_somebody(data):
    """Tell whether a client says whom or what a record is about."""
    return any(getattr(data, name) is not None for name in SUBJECTS)

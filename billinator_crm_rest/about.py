"""What is about a customer, and may name a deal, a quote and a contact."""

from .resource import Resource, refuse

SUBJECTS = ("customer_id", "opportunity_id", "quote_id", "contact_id")


class AboutResource(Resource):
    """Records about a customer, whose contacts alone they name."""

    def _check_together(self, env, values_list, record):
        named = [values for values in values_list if values.get("contact_id")]
        contacts = env["billinator.contact"].browse(v["contact_id"] for v in named)
        for contact, values in zip(contacts, named, strict=True):
            customer = self._get_customer(env, values, named, record)
            if customer and contact.customer_id != customer:
                message = env._(
                    "%(person)s is no contact of the customer, %(customer)s.",
                    person=contact.name,
                    customer=customer.display_name,
                )
                raise refuse("contact_id", message)

    def _get_customer(self, env, values, values_list, record):
        """Return the company that the values are about, if they or the record say so.

        Of several things that they name, the model checks that they fit.

        :param values_list: all of which the customers are read together
        """
        fields = env[self.model]._fields
        for name in ("partner_id", "quote_id", "opportunity_id"):
            if values.get(name):
                subject = env[fields[name].comodel_name].browse(values[name])
                ids = [others[name] for others in values_list if others.get(name)]
                return subject.with_prefetch(ids).commercial_partner_id
        return record and record.commercial_partner_id


def names_somebody(data):
    """Tell whether a client says whom or what a record is about."""
    return any(getattr(data, name) is not None for name in SUBJECTS)

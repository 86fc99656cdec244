"""What is about a customer, and may name a deal, a quote and a contact."""

from .resource import Resource, refuse

# What says which customer a record is about, the first that is named.
ABOUT = ("partner_id", "quote_id", "opportunity_id")
SUBJECTS = ("customer_id", "opportunity_id", "quote_id", "contact_id")


class AboutResource(Resource):
    """Records about a customer, whose contacts alone they name."""

    def _check_together(self, env, values_list, record):
        named = [values for values in values_list if values.get("contact_id")]
        contacts = env["billinator.contact"].browse(v["contact_id"] for v in named)
        customers = self._get_customers(env, named, record)
        for contact, customer in zip(contacts, customers, strict=True):
            # Who has left the customer since is still the contact of what was.
            is_kept = record and contact == record.contact_id
            if is_kept and customer == record.commercial_partner_id:
                continue
            if customer and contact.customer_id != customer:
                message = env._(
                    "%(person)s is no contact of the customer, %(customer)s.",
                    person=contact.name,
                    customer=customer.display_name,
                )
                raise refuse("contact_id", message)

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

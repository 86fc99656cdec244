import { registry } from "@web/core/registry";

/** Say whether the mails with the quotes have left, once the server knows. */
async function tellDeparture({ services }, { params }) {
    const { message, type } = await services.orm.call(
        "billinator.quote",
        "get_departure_notice",
        [params.quote_ids]
    );
    services.notification.add(message, { type, sticky: type === "danger" });
    return { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("billinator_crm.tell_departure", tellDeparture);

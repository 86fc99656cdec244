import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** What was invoiced, paid and is due, a row a year. */
export class SalesHistoryField extends Component {
    static template = "billinator_crm.SalesHistoryField";
    static props = { ...standardFieldProps };

    get years() {
        return this.props.record.data[this.props.name] || [];
    }

    format(amount) {
        const { figures_currency_id: currency } = this.props.record.data;
        return formatMonetary(amount, { currencyId: currency?.id });
    }
}

registry.category("fields").add("billinator_sales_history", {
    component: SalesHistoryField,
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "figures_currency_id", type: "many2one", relation: "res.currency" },
    ],
});

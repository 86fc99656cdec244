import {
    ProductLabelSectionAndNoteField,
    productLabelSectionAndNoteField,
} from "@account/components/product_label_section_and_note_field/product_label_section_and_note_field";
import { registry } from "@web/core/registry";

/**
 * A line's product, with the rest of its description below.
 *
 * The description begins with the product's name as the customer reads it, and keeps it
 * when somebody with another language, who alone is told of it, changes the rest.
 */
class QuoteLineProductField extends ProductLabelSectionAndNoteField {
    get customersName() {
        return this.props.record.data.customers_product_name;
    }

    /** @override */
    get label() {
        const { name } = this.props.record.data;
        return this.customersName && name?.startsWith(this.customersName)
            ? name.slice(this.customersName.length).trim()
            : super.label;
    }

    /** @override */
    parseLabel(value) {
        return this.customersName
            ? [this.customersName, value].filter(Boolean).join("\n")
            : super.parseLabel(value);
    }
}

registry.category("fields").add("billinator_quote_line_product", {
    ...productLabelSectionAndNoteField,
    component: QuoteLineProductField,
    fieldDependencies: [{ name: "customers_product_name", type: "char" }],
});

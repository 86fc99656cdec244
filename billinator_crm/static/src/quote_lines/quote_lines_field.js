import {
    ProductLabelSectionAndNoteListRender,
    ProductLabelSectionAndNoteOne2Many,
    productLabelSectionAndNoteOne2Many,
} from "@account/components/product_label_section_and_note_field/product_label_section_and_note_field_o2m";
import { getSectionRecords } from "@account/components/section_and_note_fields_backend/section_and_note_fields_backend";
import { registry } from "@web/core/registry";
import { getFormattedValue } from "@web/views/utils";

function isPriced({ data }) {
    return !data.display_type && (data.is_selected || !data.is_optional);
}

class QuoteLinesListRenderer extends ProductLabelSectionAndNoteListRender {
    /**
     * A section sums up what counts for the quote's total.
     *
     * @override
     */
    getFormattedValue(column, record) {
        const { name } = column;
        if (!this.isSection(record) || !this.props.aggregatedFields.includes(name)) {
            return super.getFormattedValue(column, record);
        }
        const sum = getSectionRecords(this.props.list, record)
            .filter(isPriced)
            .reduce((total, { data }) => total + data[name], 0);
        const { fields, data } = record;
        return getFormattedValue({ fields, data: { ...data, [name]: sum } }, name, column);
    }
}

class QuoteLinesField extends ProductLabelSectionAndNoteOne2Many {
    static components = {
        ...super.components,
        ListRenderer: QuoteLinesListRenderer,
    };
}

registry.category("fields").add("billinator_quote_lines", {
    ...productLabelSectionAndNoteOne2Many,
    component: QuoteLinesField,
});

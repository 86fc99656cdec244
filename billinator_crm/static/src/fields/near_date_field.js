import { registry } from "@web/core/registry";
import { capitalize } from "@web/core/utils/strings";
import {
    RemainingDaysField,
    remainingDaysField,
} from "@web/views/fields/remaining_days/remaining_days_field";
import { FIELD_WIDTHS } from "@web/views/list/column_width_hook";

const NEAR = 10;

/** A date that says how far away it is while it is near, and the day itself after that. */
export class NearDateField extends RemainingDaysField {
    /** @override */
    get diffString() {
        if (this.diffDays === null) {
            return "";
        }
        if (Math.abs(this.diffDays) > NEAR) {
            return this.formattedValue;
        }
        const value = this.props.record.data[this.props.name];
        return capitalize(value.toRelativeCalendar({ unit: "days" }));
    }
}

registry.category("fields").add("billinator_near_date", {
    ...remainingDaysField,
    component: NearDateField,
    listViewWidth: () => [FIELD_WIDTHS.date],
});

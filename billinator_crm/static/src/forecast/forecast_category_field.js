import { registry } from "@web/core/registry";
import {
    StateSelectionField,
    stateSelectionField,
} from "@web/views/fields/state_selection/state_selection_field";

/** The forecast category of a card, to change in two clicks. */
class ForecastCategoryField extends StateSelectionField {
    setup() {
        super.setup();
        this.colors = { commit: "green", best_case: "best_case" };
    }
}

registry.category("fields").add("billinator_forecast_category", {
    ...stateSelectionField,
    component: ForecastCategoryField,
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...stateSelectionField.extractProps(fieldInfo, dynamicInfo),
        showLabel: true,
    }),
});

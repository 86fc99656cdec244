import { patch } from "@web/core/utils/patch";
import { AnimatedNumber } from "@web/views/view_components/animated_number";
import { opportunityKanbanView } from "@billinator_crm/views/opportunity_kanban/opportunity_kanban_view";

const { ArchParser, Controller, Renderer } = opportunityKanbanView;
const { KanbanHeader } = Renderer.components;

// The columns of the pipeline and of the forecast, which has these classes too, sum up
// what recurs as well. Kanbans of others may not ask for it.
patch(ArchParser.prototype, {
    /** @override */
    parseProgressBar(progressBar, fields) {
        return {
            ...super.parseProgressBar(...arguments),
            recurringSumField: fields[progressBar.getAttribute("recurring_sum_field")],
        };
    },
});

patch(Controller.prototype, {
    /** @override */
    get progressBarAggregateFields() {
        const { recurringSumField } = this.props.archInfo.progressAttributes;
        const fields = super.progressBarAggregateFields;
        return recurringSumField ? [...fields, recurringSumField] : fields;
    },
});

patch(KanbanHeader, {
    template: "billinator_crm_recurring.OpportunityKanbanHeader",
    components: { ...KanbanHeader.components, AnimatedNumber },
});

patch(KanbanHeader.prototype, {
    get recurringAggregate() {
        const { progressBarState } = this.props;
        const { recurringSumField } = progressBarState.progressAttributes;
        return (
            recurringSumField &&
            progressBarState.getAggregateValue(this.group, recurringSumField)
        );
    },
});

import { patch } from "@web/core/utils/patch";
import { OpportunityColumnProgress } from "@billinator_crm/views/opportunity_kanban/opportunity_column_progress";
import { opportunityKanbanView } from "@billinator_crm/views/opportunity_kanban/opportunity_kanban_view";

// The columns of the pipeline and of the forecast, whose classes come from these, sum
// up what recurs as well. Kanbans of others may not ask for it.
patch(opportunityKanbanView.ArchParser.prototype, {
    /** @override */
    parseProgressBar(progressBar, fields) {
        return {
            ...super.parseProgressBar(...arguments),
            recurringSumField: fields[progressBar.getAttribute("recurring_sum_field")],
        };
    },
});

patch(opportunityKanbanView.Controller.prototype, {
    /** @override */
    get progressBarAggregateFields() {
        const { recurringSumField } = this.props.archInfo.progressAttributes;
        const fields = super.progressBarAggregateFields;
        return recurringSumField ? [...fields, recurringSumField] : fields;
    },
});

patch(OpportunityColumnProgress.prototype, {
    get recurringAggregate() {
        const { progressBarState, group } = this.props;
        const { recurringSumField } = progressBarState.progressAttributes;
        return recurringSumField
            ? progressBarState.getAggregateValue(group, recurringSumField)
            : {};
    },
});

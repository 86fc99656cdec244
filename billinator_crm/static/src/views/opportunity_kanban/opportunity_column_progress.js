import { RottingColumnProgress } from "@mail/js/rotting_mixin/rotting_column_progress";

/** A column's progress bar with two sums: the value, and the weighted value. */
export class OpportunityColumnProgress extends RottingColumnProgress {
    static template = "billinator_crm.OpportunityColumnProgress";

    get weightedAggregate() {
        const { progressAttributes } = this.props.progressBarState;
        return this.props.progressBarState.getAggregateValue(
            this.props.group,
            progressAttributes.weightedSumField
        );
    }
}

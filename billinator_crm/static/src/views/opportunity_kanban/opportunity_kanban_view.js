import { rottingKanbanView } from "@mail/js/rotting_mixin/rotting_kanban_view";
import { RottingKanbanHeader } from "@mail/js/rotting_mixin/rotting_kanban_header";
import { registry } from "@web/core/registry";
import { KanbanArchParser } from "@web/views/kanban/kanban_arch_parser";
import { OpportunityColumnProgress } from "./opportunity_column_progress";
import { OpportunityKanbanModel } from "./opportunity_kanban_model";

class OpportunityKanbanArchParser extends KanbanArchParser {
    /** @override */
    parseProgressBar(progressBar, fields) {
        return {
            ...super.parseProgressBar(...arguments),
            weightedSumField: fields[progressBar.getAttribute("weighted_sum_field")],
        };
    }
}

class OpportunityKanbanController extends rottingKanbanView.Controller {
    /** @override */
    get progressBarAggregateFields() {
        const { weightedSumField } = this.props.archInfo.progressAttributes;
        return [...super.progressBarAggregateFields, weightedSumField];
    }
}

class OpportunityKanbanHeader extends RottingKanbanHeader {
    static components = {
        ...RottingKanbanHeader.components,
        ColumnProgress: OpportunityColumnProgress,
    };
}

class OpportunityKanbanRenderer extends rottingKanbanView.Renderer {
    static components = {
        ...rottingKanbanView.Renderer.components,
        KanbanHeader: OpportunityKanbanHeader,
    };
}

export const opportunityKanbanView = {
    ...rottingKanbanView,
    ArchParser: OpportunityKanbanArchParser,
    Controller: OpportunityKanbanController,
    Model: OpportunityKanbanModel,
    Renderer: OpportunityKanbanRenderer,
};

registry.category("views").add("billinator_opportunity_kanban", opportunityKanbanView);

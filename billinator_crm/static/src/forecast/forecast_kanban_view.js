import { RottingKanbanHeader } from "@mail/js/rotting_mixin/rotting_kanban_header";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { formatMonetary } from "@web/views/fields/formatters";
import { opportunityKanbanView } from "@billinator_crm/views/opportunity_kanban/opportunity_kanban_view";
import { ForecastKanbanModel } from "./forecast_kanban_model";

class ForecastKanbanArchParser extends opportunityKanbanView.ArchParser {
    /** @override */
    parseProgressBar(progressBar, fields) {
        return {
            ...super.parseProgressBar(...arguments),
            committedSumField: fields[progressBar.getAttribute("committed_sum_field")],
        };
    }
}

class ForecastKanbanController extends opportunityKanbanView.Controller {
    /** @override */
    get progressBarAggregateFields() {
        const { committedSumField } = this.props.archInfo.progressAttributes;
        return [...super.progressBarAggregateFields, committedSumField];
    }
}

/** A column's head: its value, and what of it to count on. */
class ForecastKanbanHeader extends RottingKanbanHeader {
    static template = "billinator_crm.ForecastKanbanHeader";

    get weighted() {
        return this.formatAggregate("weightedSumField");
    }

    get committed() {
        return this.formatAggregate("committedSumField");
    }

    get monthForecast() {
        return this.props.list.model.getMonthForecast(this.group);
    }

    formatAggregate(name) {
        const { list, progressBarState } = this.props;
        const { value, currencies } = progressBarState.getAggregateValue(
            this.group,
            progressBarState.progressAttributes[name]
        );
        // Of several currencies, the sum is in the current company's.
        const currencyId =
            currencies?.length > 1
                ? user.activeCompany.currency_id
                : currencies?.[0] ?? list.model.forecast?.currency_id;
        return this.formatAmount(value, currencyId);
    }

    formatForecast(name) {
        const { currency_id } = this.props.list.model.forecast;
        return this.formatAmount(this.monthForecast[name], currency_id);
    }

    formatAmount(value, currencyId) {
        return formatMonetary(value || 0, {
            currencyId,
            digits: [16, 0],
            humanReadable: true,
        });
    }
}

class ForecastKanbanRenderer extends opportunityKanbanView.Renderer {
    static components = {
        ...opportunityKanbanView.Renderer.components,
        KanbanHeader: ForecastKanbanHeader,
    };

    /** @override */
    isMovableField(field) {
        return super.isMovableField(...arguments) || field.name === "date_deadline";
    }

    /**
     * The months come first, then what has no expected closing.
     *
     * @override
     */
    getGroupsOrRecords() {
        const items = super.getGroupsOrRecords();
        const isUndated = ({ group }) =>
            group?.groupByField.name === "date_deadline" && !group.value;
        return [
            ...items.filter((item) => !isUndated(item)),
            ...items.filter(isUndated),
        ];
    }
}

registry.category("views").add("billinator_forecast_kanban", {
    ...opportunityKanbanView,
    ArchParser: ForecastKanbanArchParser,
    Controller: ForecastKanbanController,
    Model: ForecastKanbanModel,
    Renderer: ForecastKanbanRenderer,
});

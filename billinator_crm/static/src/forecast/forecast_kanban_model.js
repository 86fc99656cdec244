import { serializeDate } from "@web/core/l10n/dates";
import {
    OpportunityGroupList,
    OpportunityKanbanModel,
} from "@billinator_crm/views/opportunity_kanban/opportunity_kanban_model";

const MONTHS = 6;

class ForecastGroupList extends OpportunityGroupList {
    /**
     * A drag to another month moves the expected closing there.
     *
     * @override
     */
    async moveRecord(dataRecordId, dataGroupId, refId, targetGroupId) {
        if (!this.model.isByMonth(this.config)) {
            return super.moveRecord(...arguments);
        }
        if (dataGroupId === targetGroupId) {
            return;
        }
        const getGroup = (groupId) => this.groups.find(({ id }) => id === groupId);
        const record = getGroup(dataGroupId).list.records.find(
            ({ id }) => id === dataRecordId
        );
        await this.model.orm.call(this.resModel, "action_move_to_month", [
            [record.resId],
            getGroup(targetGroupId).serverValue,
        ]);
        await this.model.load();
    }
}

export class ForecastKanbanModel extends OpportunityKanbanModel {
    static DynamicGroupList = ForecastGroupList;

    /** Whether the columns are the months of the expected closing. */
    isByMonth({ groupBy }) {
        return groupBy[0] === "date_deadline:month";
    }

    /**
     * The coming months have a column each, also those without a deal.
     *
     * @override
     */
    async _webReadGroup(config, ...others) {
        if (!this.isByMonth(config)) {
            return super._webReadGroup(config, ...others);
        }
        const start = luxon.DateTime.now().startOf("month");
        const fill_temporal = { fill_from: serializeDate(start), min_groups: MONTHS };
        const context = { ...config.context, fill_temporal };
        const question = Symbol("question");
        this.lastQuestion = question;
        const [result, forecast] = await Promise.all([
            super._webReadGroup({ ...config, context }, ...others),
            this.orm.call(config.resModel, "get_forecast", [], {
                domain: config.domain,
                date_from: serializeDate(start),
                context: config.context,
            }),
        ]);
        // A later question may have been answered before.
        if (question === this.lastQuestion) {
            this.forecast = forecast;
        }
        return result;
    }

    /** What the history lets expect of a month, `undefined` where nothing is known. */
    getMonthForecast(group) {
        return (
            this.isByMonth({ groupBy: this.root.groupBy }) &&
            this.forecast?.months.find(({ month }) => month === group.serverValue)
        );
    }
}

import { registry } from "@web/core/registry";
import { CalendarModel } from "@web/views/calendar/calendar_model";
import { calendarView } from "@web/views/calendar/calendar_view";

/** A calendar that puts back what may not be moved. */
export class SteadyCalendarModel extends CalendarModel {
    /** @override */
    async updateRecord() {
        try {
            await super.updateRecord(...arguments);
        } catch (error) {
            await this.load();
            throw error;
        }
    }
}

registry.category("views").add("billinator_steady_calendar", {
    ...calendarView,
    Model: SteadyCalendarModel,
});

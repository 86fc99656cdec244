import { serializeDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { calendarView } from "@web/views/calendar/calendar_view";
import { SteadyCalendarModel } from "../steady_calendar/steady_calendar_view";

/** What began longer ago than that is over: calls and meetings take hours. */
const LONGEST = { days: 31 };

/** A calendar of things with a duration that does not load the whole past. */
class BoundedCalendarModel extends SteadyCalendarModel {
    /** @override */
    computeRangeDomain(data) {
        const earliest = serializeDateTime(data.range.start.minus(LONGEST));
        return [
            ...super.computeRangeDomain(data),
            [this.fieldMapping.date_start, ">=", earliest],
        ];
    }

    /**
     * What is moved lasts as long as before, and for no hour that only the drawing gave it.
     *
     * @override
     */
    buildRawRecord(partialRecord, options = {}) {
        const values = super.buildRawRecord(partialRecord, options);
        if (options.moved) {
            delete values[this.fieldMapping.date_delay];
        }
        return values;
    }
}

registry.category("views").add("billinator_bounded_calendar", {
    ...calendarView,
    Model: BoundedCalendarModel,
});

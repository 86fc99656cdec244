/** The icons of the types of activities; those of Odoo's activity types may be others. */
export const ACTIVITY_ICONS = {
    call: "fa-phone",
    email: "fa-envelope",
    meeting: "fa-users",
    task: "fa-check-square-o",
    note: "fa-sticky-note-o",
};

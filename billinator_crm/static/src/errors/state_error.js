import { WarningDialog, odooExceptionTitleMap } from "@web/core/errors/error_dialogs";
import { registry } from "@web/core/registry";

/** Says what a record's state forbids as the web client says what is invalid. */
const STATE_ERROR = "odoo.addons.billinator_crm.exceptions.StateError";

registry.category("error_dialogs").add(STATE_ERROR, WarningDialog);
odooExceptionTitleMap.set(STATE_ERROR, odooExceptionTitleMap.get("odoo.exceptions.UserError"));

import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";

const SESSION_EXPIRED = "odoo.http.SessionExpiredException";

/**
 * Say why a question to the server failed, in the place where its answer would be.
 *
 * What nobody can mend by asking again is thrown on, for Odoo's own dialog.
 */
export function getFailureText(error) {
    if (error instanceof ConnectionLostError) {
        return _t("The server did not answer. Check your connection, and try again.");
    }
    if (error instanceof RPCError && error.exceptionName !== SESSION_EXPIRED) {
        return error.data?.message || error.message;
    }
    throw error;
}

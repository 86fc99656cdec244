import { _t } from "@web/core/l10n/translation";

/** What the server refused, in words for the customer. */
export class Refusal extends Error {}

function getPage() {
    return document.querySelector(".o_billinator_quote");
}

/**
 * Sends what the customer does with the quote on this page.
 *
 * @param {"view" | "choose" | "accept" | "decline"} action
 * @param {Object} values to send besides what names the quote and its content
 * @returns {Promise<Object>} the server's answer
 * @throws {Refusal}
 */
async function send(action, values) {
    const { url, accessToken, contentHash, pid, hash } = getPage().dataset;
    const body = new FormData();
    const all = { access_token: accessToken, content_hash: contentHash, pid, hash, ...values };
    for (const [name, value] of Object.entries(all)) {
        if (value !== undefined) {
            body.append(name, value);
        }
    }
    body.append("csrf_token", odoo.csrf_token);
    const response = await fetch(`${url}/${action}`, { method: "POST", body });
    const isAnswer = response.headers.get("Content-Type")?.startsWith("application/json");
    const answer = isAnswer ? await response.json() : {};
    if (!response.ok) {
        throw new Refusal(answer.error || _t("That did not work. Please load the page again."));
    }
    // Before what waits in line is sent, which says what content it is about.
    if (answer.content_hash) {
        getPage().dataset.contentHash = answer.content_hash;
    }
    return answer;
}

let last = Promise.resolve();

/** Sends one thing after the other: each builds on the content that the last one left. */
export function sendToQuote(action, values = {}) {
    const answer = last.then(() => send(action, values));
    last = answer.catch(() => {});
    return answer;
}

/**
 * @param {Error} error
 * @returns {string} what to tell the customer
 */
export function explain(error) {
    return error instanceof Refusal
        ? error.message
        : _t("We could not reach the server. Please try again.");
}

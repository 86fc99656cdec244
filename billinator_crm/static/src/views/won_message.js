/** Let the rainbow man congratulate on a won opportunity. */
export async function showWonMessage(orm, effect, opportunityId) {
    const message = await orm.call("billinator.opportunity", "get_won_message", [
        [opportunityId],
    ]);
    effect.add({ type: "rainbow_man", message });
}

import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { extractFieldsFromArchInfo } from "@web/model/relational_model/utils";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/**
 * What the browser keeps the choice of columns under.
 *
 * Odoo's own key has the names of all that is loaded, which here depends on the choice.
 */
function getViewKey(resModel, viewId) {
    return `${resModel},lean_list,${viewId}`;
}

/** Return the nodes of fields, by their id, without those of hidden columns. */
function getShownNodes(fieldNodes, viewKey) {
    const chosen = browser.localStorage.getItem(`optional_fields,${viewKey}`)?.split(",");
    const isShown = ({ name, attrs: { optional } }) =>
        !optional || (chosen ? chosen.includes(name) : optional === "show");
    return Object.fromEntries(
        Object.entries(fieldNodes).filter(([, node]) => isShown(node))
    );
}

/**
 * A list that loads the columns that are shown, and a hidden one when it is chosen.
 *
 * Nothing but a column itself may depend on an optional column's value.
 */
class LeanListController extends ListController {
    /** @override */
    get modelParams() {
        const params = super.modelParams;
        if (!this.props.state?.modelState) {
            params.config.activeFields = this.getShownFields();
        }
        return params;
    }

    getShownFields() {
        const viewKey = getViewKey(this.props.resModel, this.env.config.viewId);
        const fieldNodes = getShownNodes(this.archInfo.fieldNodes, viewKey);
        return extractFieldsFromArchInfo(
            { ...this.archInfo, fieldNodes },
            this.props.fields
        ).activeFields;
    }
}

class LeanListRenderer extends ListRenderer {
    /** @override */
    createViewKey() {
        return getViewKey(this.props.list.resModel, this.env.config.viewId);
    }

    /** @override */
    async toggleOptionalField(fieldName) {
        const { model } = this.props.list;
        if (!(fieldName in model.config.activeFields)) {
            const nodes = Object.entries(this.props.archInfo.fieldNodes);
            const chosen = nodes.filter(([, { name }]) => name === fieldName);
            const { activeFields } = extractFieldsFromArchInfo(
                { fieldNodes: Object.fromEntries(chosen), widgetNodes: {} },
                this.props.list.fields
            );
            Object.assign(model.config.activeFields, activeFields);
            model.config.fieldsToAggregate.push(...Object.keys(activeFields));
            await model.load();
        }
        await super.toggleOptionalField(fieldName);
    }
}

registry.category("views").add("billinator_lean_list", {
    ...listView,
    Controller: LeanListController,
    Renderer: LeanListRenderer,
});

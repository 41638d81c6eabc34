// The panel "The world": what the provider and Slack may do, drawn wholly from the controls we are sent.
import { fresh, glyph, h, post, toast } from "./dom.js";

/** Fills `box`; `draw` takes `{controls, state}` and keeps what somebody has typed or unfolded. */
export function worldPanel(box) {
  const state = h("dl", { class: "state" });
  const groups = h("div", { class: "groups" });
  const typed = new Map();
  const toggles = new Map();
  let drawn = "";
  box.append(state, groups);

  async function press(control, fields, button) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    const answer = await post("/do/world", { id: control.id, fields });
    button.removeAttribute("aria-busy");
    if (answer.ok !== false && answer.said) toast(answer.said);
  }

  function field(control, one) {
    const id = fresh("field");
    const key = `${control.id}\n${one.name}`;
    const value = typed.get(key) ?? one.value ?? "";
    const given = { id, name: one.name };
    const input = one.type === "select"
      ? h("select", given, (one.options ?? []).map((o) => h("option", { value: o.value, text: o.label, selected: String(o.value) === String(value) })))
      : h("input", { ...given, type: one.type === "number" ? "number" : "text", step: one.type === "number" ? "any" : undefined, autocomplete: "off" });
    if (one.type !== "select") input.value = value;
    input.addEventListener("input", () => typed.set(key, input.value));
    return { name: one.name, unit: one.unit, input, node: h("div", { class: "field" }, h("label", { for: id, text: one.label }), input) };
  }

  function toggle(control) {
    const help = control.help ? fresh("help") : undefined;
    const button = h("button", { type: "button", role: "switch", class: control.danger ? "switch grave" : "switch", "aria-checked": String(Boolean(control.on)), "aria-describedby": help, data: { control: control.id } }, h("span", { class: "knob", "aria-hidden": "true" }), h("span", { text: control.label }));
    button.addEventListener("click", () => press(control, {}, button));
    toggles.set(control.id, button);
    return h("div", { class: "control" }, button, control.help ? h("p", { id: help, class: "hint", text: control.help }) : null);
  }

  function pressed(control) {
    const help = control.help ? fresh("help") : undefined;
    const fields = (control.fields ?? []).map((one) => field(control, one));
    const values = () => Object.fromEntries(fields.map(({ name, input }) => [name, input.value]));
    const chosen = h("small");
    const summary = () => {
      const shown = ({ input, unit }) => {
        if (input.selectedOptions) return input.selectedOptions[0]?.text ?? "";
        return input.value && unit ? `${input.value} ${unit[Number(input.value) === 1 ? 0 : 1]}` : input.value;
      };
      chosen.textContent = fields.map(shown).filter(Boolean).join(" · ");
    };
    summary();
    const button = h("button", { type: fields.length ? "submit" : "button", class: control.danger ? "wide danger" : "wide", "aria-describedby": help, data: { control: control.id } }, h("span", {}, control.label, fields.length ? chosen : null));
    const hint = control.help ? h("p", { id: help, class: "hint", text: control.help }) : null;
    if (!fields.length) {
      button.addEventListener("click", () => press(control, {}, button));
      return h("div", { class: "control" }, button, hint);
    }
    const more = h("div", { class: "fields", id: fresh("more"), hidden: !unfolded.has(control.id) }, fields.map(({ node }) => node));
    const tune = h("button", { type: "button", class: "quiet square", "aria-expanded": String(!more.hidden), "aria-controls": more.id, "aria-label": `Details of “${control.label}”`, title: "Details" }, glyph("tune"));
    const open = (is) => {
      more.hidden = !is;
      tune.setAttribute("aria-expanded", String(is));
      if (is) unfolded.add(control.id);
      else unfolded.delete(control.id);
    };
    tune.addEventListener("click", () => open(more.hidden));
    // The first press of something that has an empty field shows the field; the next one sends it as it is.
    const send = (event) => {
      event.preventDefault();
      const empty = fields.find(({ input }) => !input.value);
      if (!empty || !more.hidden) return press(control, values(), button);
      open(true);
      return empty.input.focus();
    };
    return h("form", { class: "control", on: { submit: send, input: summary } }, h("div", { class: "pressing" }, button, tune), hint, more);
  }
  const unfolded = new Set();

  function rebuild(controls) {
    toggles.clear();
    const names = [...new Set(controls.map((one) => one.group))];
    const focused = groups.contains(document.activeElement) ? document.activeElement.dataset.control : undefined;
    groups.replaceChildren(...names.map((name) => {
      const id = fresh("group");
      const some = controls.filter((one) => one.group === name);
      return h("section", { "aria-labelledby": id }, h("h3", { id, text: name }), some.map((one) => (one.kind === "toggle" ? toggle(one) : pressed(one))));
    }));
    if (focused) groups.querySelector(`[data-control="${CSS.escape(focused)}"]`)?.focus();
  }

  return {
    draw({ controls = [], state: now = {} } = {}) {
      state.replaceChildren(...(now.lines ?? []).map(({ label, value }) => h("div", {}, h("dt", { text: label }), h("dd", { text: value }))));
      const shape = JSON.stringify(controls.map((one) => ({ ...one, on: undefined })));
      if (shape !== drawn) rebuild(controls);
      drawn = shape;
      for (const one of controls) toggles.get(one.id)?.setAttribute("aria-checked", String(Boolean(one.on)));
    },
  };
}

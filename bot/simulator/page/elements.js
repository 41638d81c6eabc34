// Block Kit's elements: buttons, menus, choices and fields. Each gives {node, read}; `read` is the value for a form.
import { fresh, h, textOf } from "./dom.js";
import { plainString, plainText } from "./emoji.js";
import { menuButton } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { among, flat, pick } from "./pick.js";
import { confirmed } from "./confirm.js";

// `at` says where an element stands: {block, ctx, form, naming}; in a form nothing is sent until it is submitted.
const keyOf = (e, at) => `${at.block.block_id ?? ""}|${e.action_id ?? ""}`;
const keyed = (e, at) => ({ data: { key: keyOf(e, at) }, ...naming(e, at) });
const naming = (e, at) => at.naming ?? { "aria-label": plainString(e.placeholder ?? at.name ?? "") || "Choose" };

async function act(e, at, value, undo = () => {}) {
  if (e.confirm && !(await confirmed(e.confirm, at.ctx))) return undo();
  return at.ctx.act?.(at.block, e, value);
}

function button(e, at) {
  const style = { primary: "primary", danger: "danger" }[e.style] ?? "";
  const given = { class: style, "aria-label": e.accessibility_label, data: { key: keyOf(e, at), action: e.action_id ?? "" } };
  if (e.url) return { node: h("a", { ...given, class: `button ${style}`, href: /^https?:/i.test(e.url) ? e.url : undefined, target: "_blank", rel: "noopener noreferrer", on: { click: () => act({ ...e, confirm: null }, at, e.value) } }, plainText(e.text)) };
  const node = h("button", { type: "button", ...given }, plainText(e.text));
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    await act(e, at, e.value);
    node.removeAttribute("aria-busy");
  });
  return { node };
}

function overflow(e, at) {
  const items = (e.options ?? []).map((option) => ({
    label: plainText(option.text), note: option.description ? plainText(option.description) : null, go: () => act(e, at, option.value),
    href: option.url ? (/^https?:/i.test(option.url) ? option.url : "") : undefined,
  }));
  return { node: menuButton({ name: "More actions", items, data: { key: keyOf(e, at), action: e.action_id ?? "" } }) };
}

// Radio buttons and checkboxes: a group of labelled native inputs.
function choices(e, at, type) {
  const kept = at.ctx.kept?.(at.block.block_id, e.action_id);
  const first = kept ?? (type === "radio" ? e.initial_option?.value : (e.initial_options ?? []).map((o) => o.value));
  const name = fresh("choice");
  const inputs = (e.options ?? []).map((option) => h("input", { type, name, value: option.value, checked: [first].flat().includes(option.value), data: { key: `${keyOf(e, at)}|${option.value}` } }));
  const text = (value) => (value?.type === "mrkdwn" ? mrkdwn(value.text, at.ctx) : plainText(value));
  const rows = (e.options ?? []).map((option, n) => h("label", { class: "choice" }, inputs[n], h("span", {}, h("span", {}, text(option.text)), option.description ? h("small", {}, text(option.description)) : null)));
  const read = () => {
    const on = inputs.filter((input) => input.checked).map((input) => input.value);
    return type === "radio" ? (on[0] ?? null) : on;
  };
  const before = new Set([first].flat());
  const undo = () => inputs.forEach((input) => { input.checked = before.has(input.value); });
  const node = h("div", { class: "choices", role: type === "radio" ? "radiogroup" : "group", ...naming(e, at), on: { change: () => at.sends && act(e, at, read(), undo) } }, rows);
  return { node, read };
}

/** The options of a select that lists people or channels. */
function listed(e, ctx) {
  const people = () => ctx.people().map((p) => ({ value: p.id, label: p.real_name || p.name, note: `@${p.name}` }));
  const channels = () => ctx.channels().map((c) => ({ value: c.id, label: `#${c.name}`, note: "" }));
  if (e.type.includes("users")) return people();
  if (e.type.includes("channels")) return channels();
  if (e.type.includes("conversations")) return [...channels(), ...((e.filter?.include ?? ["im"]).includes("im") ? people() : [])];
  return flat(e);
}

const initial = (e) => e.initial_options ?? [e.initial_option].filter(Boolean);
const initialIds = (e) => e.initial_users ?? e.initial_channels ?? e.initial_conversations ?? [e.initial_user ?? e.initial_channel ?? e.initial_conversation].filter(Boolean);

function select(e, at) {
  const many = e.type.startsWith("multi_");
  const external = e.type.includes("external");
  const options = external ? [] : listed(e, at.ctx);
  const kept = at.ctx.kept?.(at.block.block_id, e.action_id);
  const first = [kept ?? [...initial(e).map((o) => o.value), ...initialIds(e)]].flat();
  if (!many && !external) return nativeSelect(e, at, options, first[0]);
  const known = [...flat({ options: initial(e) }), ...options, ...(at.ctx.keptOptions?.(at.block.block_id, e.action_id) ?? [])];
  const search = async (words) => flat((await at.ctx.suggest?.(at.block, e, words)) ?? {});
  let before = first.map((value) => known.find((o) => o.value === value) ?? { value, label: value });
  const picker = pick({
    find: external ? search : among(options), chosen: before, many, most: e.max_selected_items, placeholder: plainString(e.placeholder) || (external ? "Type to search…" : "Choose…"),
    naming: naming(e, at), fewest: external ? (e.min_query_length ?? 3) : 0, key: keyOf(e, at),
    changed: (list) => at.sends && act(e, at, many ? list.map((o) => o.value) : (list[0]?.value ?? null)),
  });
  return { node: picker.node, read: () => (many ? picker.read() : (picker.read()[0] ?? null)), options: picker.options };
}

function nativeSelect(e, at, options, first) {
  const option = (o) => h("option", { value: o.value, text: o.label, selected: o.value === first });
  const groups = [...new Set(options.map((o) => o.group))];
  const rows = groups.flatMap((group) => {
    const some = options.filter((o) => o.group === group).map(option);
    return group === undefined ? some : [h("optgroup", { label: group }, some)];
  });
  const none = h("option", { value: "", text: plainString(e.placeholder) || "Choose…", selected: !first, disabled: !at.optional && at.form, hidden: !at.optional && at.form });
  const node = h("select", keyed(e, at), none, rows);
  node.addEventListener("change", () => at.sends && node.value && act(e, at, node.value, () => { node.value = first ?? ""; }));
  return { node, read: () => node.value || null };
}

// Everything one types into: the native inputs do the work.
function typed(e, at, given, { get = (v) => v, set = (v) => v, first = e.initial_value } = {}) {
  const kept = at.ctx.kept?.(at.block.block_id, e.action_id);
  const node = h(given.tag ?? "input", { ...keyed(e, at), placeholder: plainString(e.placeholder) || undefined, autocomplete: "off", ...given, tag: undefined });
  const value = kept === undefined ? (first === undefined || first === null ? "" : set(first)) : kept === null ? "" : set(kept);
  node.value = value;
  const read = () => (node.value === "" ? null : get(node.value));
  const dispatching = at.sends && (!at.form || at.block.dispatch_action);
  const when = e.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (dispatching && given.choosing) node.addEventListener("change", () => read() !== null && act(e, at, read()));
  else if (dispatching) {
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || !when.includes("on_enter_pressed")) return;
      event.preventDefault();
      act(e, at, read());
    });
    let timer;
    if (when.includes("on_character_entered")) node.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => act(e, at, read()), 300); });
  }
  return { node, read };
}

// What was chosen stays when the form is drawn again, as in Slack.
function fileInput(e, at) {
  const node = h("input", { type: "file", ...keyed(e, at), multiple: (e.max_files ?? 10) > 1, accept: (e.filetypes ?? []).map((t) => `.${t}`).join(",") || undefined });
  const chosen = new DataTransfer();
  for (const file of at.ctx.kept?.(at.block.block_id, e.action_id) ?? []) chosen.items.add(file);
  if (chosen.files.length) node.files = chosen.files;
  return { node, read: () => [...node.files].slice(0, e.max_files ?? 10) };
}

const local = (seconds) => {
  const date = new Date(Number(seconds) * 1000);
  return new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};

const feedback = (e, at) => ({ node: h("span", { class: "buttons" }, [e.positive_button, e.negative_button].filter(Boolean).map((one) => button({ ...one, type: "button", action_id: e.action_id }, at).node)) });

const KINDS = {
  button,
  workflow_button: (e, at) => button({ ...e, value: undefined }, at),
  icon_button: (e, at) => button({ ...e, accessibility_label: e.accessibility_label ?? textOf(e.text) }, at),
  feedback_buttons: feedback,
  overflow,
  radio_buttons: (e, at) => choices(e, at, "radio"),
  checkboxes: (e, at) => choices(e, at, "checkbox"),
  datepicker: (e, at) => typed(e, at, { type: "date", choosing: true }, { first: e.initial_date }),
  timepicker: (e, at) => typed(e, at, { type: "time", choosing: true }, { first: e.initial_time }),
  datetimepicker: (e, at) => typed(e, at, { type: "datetime-local", choosing: true }, { first: e.initial_date_time, set: local, get: (v) => String(Math.floor(new Date(v).getTime() / 1000)) }),
  plain_text_input: (e, at) => typed(e, at, { ...(e.multiline ? { tag: "textarea", rows: 4 } : { type: "text" }), maxlength: e.max_length, minlength: e.min_length }),
  rich_text_input: (e, at) => typed({ ...e, initial_value: undefined }, at, { tag: "textarea", rows: 4 }),
  number_input: (e, at) => typed(e, at, { type: "number", step: e.is_decimal_allowed ? "any" : "1", min: e.min_value, max: e.max_value }),
  email_text_input: (e, at) => typed(e, at, { type: "email" }),
  url_text_input: (e, at) => typed(e, at, { type: "url" }),
  file_input: fileInput,
};

/** One element; a type that is not known is named instead of drawn. */
export function element(e, at) {
  if (KINDS[e?.type]) return KINDS[e.type](e, at);
  if (/_?select$/.test(e?.type ?? "")) return select(e, at);
  return { node: h("span", { class: "unknown", text: `An element of type ${e?.type ?? "?"} is not drawn here.` }) };
}

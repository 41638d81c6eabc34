// Slack's modals as a native dialog: drawn from the view, submitted with the values of its inputs.
import { drawBlocks } from "./blocks.js";
import { asBase64, fresh, glyph, h, LARGEST_FILE, post, textOf, toast, TOO_LARGE } from "./dom.js";
import { plainText } from "./emoji.js";

/** The one dialog of this page. `ctxOf(view)` gives the context its blocks are drawn with; `as()` who is asking. */
export function modals({ as, ctxOf }) {
  let view = null;
  let fields = [];
  let kept = {};
  let before = null;
  let told = new Map();
  const all = new Map();
  const title = h("h2", { id: fresh("title") });
  const close = h("button", { type: "button", class: "quiet square", "aria-label": "Close", on: { click: () => leave() } }, glyph("close"));
  const body = h("div", { class: "body", tabindex: -1 });
  const foot = h("div", { class: "foot" });
  const form = h("form", { novalidate: true, on: { submit: (event) => { event.preventDefault(); submit(); } } }, h("header", {}, title, close), body, foot);
  const box = h("dialog", { class: "modal", "aria-labelledby": title.id, on: { cancel: (event) => { event.preventDefault(); leave(); } } }, form);
  document.body.append(box);

  const key = (block, action) => `${block}\n${action}`;

  function keep() {
    for (const { block, made } of fields) {
      kept[key(block.block_id, block.element.action_id)] = { value: made.read?.(), options: made.options?.() };
    }
  }

  function draw(next) {
    if (!next) return gone();
    // A view that was pushed over another starts empty; the one below has its values when it comes back.
    if (view) keep();
    if (!all.has(next.id)) all.set(next.id, { kept: {}, told: new Map() });
    ({ kept, told } = all.get(next.id));
    const focused = body.contains(document.activeElement) ? document.activeElement.closest("[data-key]")?.dataset.key : null;
    view = next;
    fields = [];
    title.replaceChildren(...plainText(view.title ?? "").flat());
    const outside = ctxOf(view);
    const ctx = {
      ...outside,
      act: async (block, element, value) => {
        await tell(outside, element);
        return outside.act(block, element, value);
      },
      field: (block, made, showing) => fields.push({ block, made, ...showing }),
      kept: (block, action) => kept[key(block, action)]?.value,
      keptOptions: (block, action) => kept[key(block, action)]?.options,
    };
    body.replaceChildren(...drawBlocks(view.blocks, ctx));
    const cancel = h("button", { type: "button", on: { click: () => leave() } }, plainText(view.close ?? "Close"));
    const send = view.submit ? h("button", { type: "submit", class: "primary" }, plainText(view.submit)) : null;
    foot.replaceChildren(...[cancel, send].filter(Boolean));
    if (!box.open) {
      before = document.activeElement;
      box.showModal();
    }
    const again = focused && [...body.querySelectorAll("[data-key]")].find((node) => node.dataset.key === focused);
    const first = fields.find(({ block }) => block.element?.focus_on_load) ?? fields[0];
    const target = again ?? first?.made.node;
    (target?.matches?.("input,select,textarea,button") ? target : (target?.querySelector?.("input,select,textarea") ?? body)).focus();
    return undefined;
  }

  // An action carries the whole form, as in Slack: what was filled in so far is told first.
  async function tell(outside, pressed) {
    for (const { block, made } of fields) {
      const value = made.read?.();
      const id = key(block.block_id, block.element.action_id);
      const same = JSON.stringify(value ?? null) === (told.get(id) ?? "null");
      if (same || block.element === pressed || block.dispatch_action || block.element.type === "file_input") continue;
      told.set(id, JSON.stringify(value ?? null));
      await outside.act(block, block.element, value ?? "", { quiet: true });
    }
  }

  function gone() {
    view = null;
    fields = [];
    all.clear();
    if (!box.open) return;
    box.close();
    if (before?.isConnected) before.focus();
  }

  function values() {
    const found = {};
    for (const { block, made } of fields) {
      const value = made.read?.();
      (found[block.block_id] ??= {})[block.element.action_id] = Array.isArray(value) && value[0] instanceof File ? [] : (value ?? null);
    }
    return found;
  }

  // A file goes up first; its id is the value that the form then carries.
  async function withFiles(found) {
    for (const { block, made } of fields.filter((field) => field.block.element?.type === "file_input")) {
      const ids = [];
      for (const file of made.read()) {
        if (file.size > LARGEST_FILE) {
          toast(TOO_LARGE, "error");
          return null;
        }
        const answer = await post("/do/file", { as: as(), channel: "", view_id: view.id, name: file.name, content: await asBase64(file) });
        if (answer.ok === false) return null;
        ids.push(answer.file?.id ?? answer.id ?? answer.file_id ?? file.name);
      }
      found[block.block_id][block.element.action_id] = ids;
    }
    return found;
  }

  function missing() {
    const errors = {};
    for (const { block, made } of fields) {
      const value = made.read?.();
      const empty = value === null || value === undefined || (Array.isArray(value) && !value.length);
      if (empty && !block.optional) errors[block.block_id] = `Please fill in “${textOf(block.label)}”.`;
      const node = made.node.matches?.("input,textarea") ? made.node : null;
      if (!empty && node && !node.checkValidity()) errors[block.block_id] = node.validationMessage;
    }
    return errors;
  }

  function show(errors) {
    let first = null;
    for (const { block, show: showing } of fields) {
      const target = showing(errors[block.block_id]);
      if (errors[block.block_id]) first ??= target;
    }
    (first?.matches("input,select,textarea") ? first : first?.querySelector("input,select,textarea"))?.focus();
    return first !== null;
  }

  async function submit() {
    if (form.getAttribute("aria-busy") === "true" || show(missing())) return;
    form.setAttribute("aria-busy", "true");
    const sent = view;
    const filled = await withFiles(values());
    const answer = filled ? await post("/do/submit", { as: as(), view_id: sent.id, values: filled }) : {};
    form.removeAttribute("aria-busy");
    if (answer.errors && view?.id === sent.id) show(answer.errors);
  }

  async function leave() {
    const left = view;
    gone();
    if (left) await post("/do/close", { as: as(), view_id: left.id });
  }

  return { draw, isOpen: () => box.open };
}

// A list to choose from by typing: selects whose options come from the app, and every select that takes several.
import { fresh, glyph, h } from "./dom.js";
import { plainString } from "./emoji.js";

/** The options of a select in one row, each with the label of its group. */
export function flat({ options = [], option_groups: groups = [] }) {
  const all = [...options, ...groups.flatMap((group) => (group.options ?? []).map((option) => ({ ...option, group: plainString(group.label) })))];
  return all.map((option) => ({ value: option.value, label: plainString(option.text), note: plainString(option.description ?? ""), group: option.group }));
}

const matches = (options, words) => options.filter((o) => `${o.label} ${o.note}`.toLowerCase().includes(words.trim().toLowerCase()));

/**
 * A combobox. `find(words)` gives options (or a promise of them); `chosen` is a list of options; `changed(list)` is
 * called when it differs. With `many` the chosen ones stand before the field as removable chips.
 */
export function pick({ find, chosen = [], many = false, most = Infinity, placeholder = "Choose…", naming = {}, changed = () => {}, fewest = 0, key }) {
  const list = fresh("options");
  let now = [...chosen];
  let shown = [];
  let active = -1;
  let asked = 0;
  const box = h("ul", { id: list, role: "listbox", class: "options", hidden: true, "aria-label": "Options", "aria-multiselectable": many || undefined });
  const input = h("input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-controls": list,
    "aria-autocomplete": "list", placeholder, data: key ? { key } : {}, ...naming,
    on: { input: () => look(), focus: () => many && look(), click: () => look(), keydown: onKey, blur: () => setTimeout(leave, 120) },
  });
  const chips = h("span", { class: "picked" });
  const whole = h("div", { class: "pick" }, chips, input, glyph("down"), box);

  const has = (option) => now.some((one) => one.value === option.value);

  function write(again = false) {
    if (!many) input.value = now[0]?.label ?? "";
    else {
      input.value = "";
      input.placeholder = now.length ? "" : placeholder;
      chips.replaceChildren(...now.map((one) => h("button", { type: "button", class: "picked-one", "aria-label": `Remove ${one.label}`, on: { click: () => drop(one) } }, one.label, glyph("close"))));
    }
    if (again) changed([...now]);
  }
  function drop(option) {
    now = now.filter((one) => one.value !== option.value);
    write(true);
    input.focus();
  }
  function choose(option) {
    if (many && has(option)) return drop(option);
    if (many && now.length >= most) return undefined;
    now = many ? [...now, option] : [option];
    write(true);
    return many ? look() : close();
  }
  async function look() {
    const words = !many && now.length && input.value === now[0].label ? "" : input.value;
    const turn = ++asked;
    if (words.length < fewest) return show([], `Type ${fewest === 1 ? "a letter" : `${fewest} letters`} to search`);
    const options = await find(words);
    if (turn === asked) show(options ?? [], "Nothing fits");
    return undefined;
  }
  function show(options, otherwise) {
    shown = options;
    active = options.length ? Math.max(0, options.findIndex((o) => !many && has(o))) : -1;
    let group;
    const rows = options.flatMap((option, place) => {
      const row = h("li", { id: `${list}-${place}`, role: "option", "aria-selected": String(has(option)), on: { mousedown: (event) => { event.preventDefault(); choose(option); } } },
        h("span", { text: option.label }), option.note ? h("small", { text: option.note }) : null);
      if (option.group === group || option.group === undefined) return [row];
      group = option.group;
      return [h("li", { role: "presentation", class: "group", text: group }), row];
    });
    box.replaceChildren(...(rows.length ? rows : [h("li", { role: "presentation", class: "group", text: otherwise })]));
    box.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark();
  }
  function mark() {
    for (const row of box.querySelectorAll("[role=option]")) row.classList.toggle("active", row.id === `${list}-${active}`);
    const row = active >= 0 && document.getElementById(`${list}-${active}`);
    if (row) {
      input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }
  function close() {
    asked += 1;
    box.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function leave() {
    if (document.activeElement === input) return;
    close();
    if (!many && !input.value.trim() && now.length) {
      now = [];
      changed([]);
    }
    write();
  }
  function onKey(event) {
    const open = !box.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return look();
      if (shown.length) active = (active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length;
      mark();
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      if (shown[active]) choose(shown[active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && many && !input.value && now.length) drop(now.at(-1));
    return undefined;
  }
  write();
  return { node: whole, input, read: () => now.map((one) => one.value), options: () => now };
}

/** A `find` over options that are all known already. */
export const among = (options) => (words) => matches(options, words);

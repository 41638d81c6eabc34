// A button that opens a short list of things to do.
import { arrows, fresh, glyph, h } from "./dom.js";

/** `items` are {label, note, href, go}; `data` and `look` are those of the button; `above` opens it upwards. */
export function menuButton({ name, items, icon = "dots", data = {}, look = "square", above = false }) {
  const id = fresh("menu");
  const item = ({ label, note, href, go }) => {
    const inside = [label, note ? h("small", {}, note) : null];
    const given = { role: "menuitem", tabindex: -1, on: { click: () => { toggle(false); opener.focus(); go?.(); } } };
    return href === undefined ? h("button", { type: "button", ...given }, inside) : h("a", { ...given, href: href || undefined, target: "_blank", rel: "noopener noreferrer" }, inside);
  };
  const all = items.map(item);
  const menu = h("div", { id, role: "menu", class: above ? "menu above" : "menu", hidden: true, "aria-label": name }, all);
  const opener = h("button", { type: "button", class: look, title: name, "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id, "aria-label": name, data, on: { click: () => toggle(menu.hidden) } }, glyph(icon));
  const node = h("span", { class: "overflow", on: { focusout: (event) => node.contains(event.relatedTarget) || toggle(false), keydown: (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    event.stopPropagation();
    toggle(false);
    opener.focus();
  } } }, opener, menu);
  function toggle(open) {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) all[0]?.focus();
  }
  arrows(menu, "[role=menuitem]");
  return node;
}

// Ctrl+K: one field that leads to any channel, to the composer, or to being somebody else.
import { h } from "./dom.js";
import { among, pick } from "./pick.js";

/** Opens the dialog over `targets` ({value, label, note}) and calls `go(value)` with the one that was chosen. */
export function jumper(targets, go) {
  const picker = pick({
    find: among(targets),
    placeholder: "Where to? A channel, a person…",
    naming: { "aria-label": "Jump to" },
    changed: ([one]) => {
      if (!one) return;
      box.close();
      go(one.value);
    },
  });
  const box = h("dialog", { class: "jumper", "aria-label": "Jump to", on: { close: () => box.remove(), click: (event) => event.target === box && box.close() } }, picker.node);
  picker.input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") box.close();
  });
  document.body.append(box);
  box.showModal();
  picker.input.focus();
  picker.input.click();
}

// The left side: who one is, and where one can go.
import { arrows, avatar, fresh, glyph, h } from "./dom.js";

const count = (number) => h("span", { class: "count" }, h("span", { "aria-hidden": "true", text: number > 99 ? "99+" : number }), h("span", { class: "unseen", text: `, ${number} unread` }));

/** Fills `nav`; `draw` shows this state, `be` and `open` are called with what was chosen. */
export function side(nav, { be, open }) {
  const ids = { people: fresh("people"), channels: fresh("channels"), direct: fresh("direct") };
  const people = h("ul", { class: "people" });
  const channels = h("ul", { class: "places" });
  const direct = h("ul", { class: "places" });
  nav.append(
    h("section", { "aria-labelledby": ids.people }, h("h2", { id: ids.people, text: "You are" }), people),
    h("section", { "aria-labelledby": ids.channels }, h("h2", { id: ids.channels, text: "Channels" }), channels),
    h("section", { "aria-labelledby": ids.direct }, h("h2", { id: ids.direct, text: "App" }), direct),
  );
  arrows(nav, "button");

  function person(one, me) {
    const mine = one.id === me;
    return h("li", {}, h("button", { type: "button", class: "person", "aria-pressed": String(mine), data: { person: one.id, key: `person ${one.id}` }, on: { click: () => be(one.id) } },
      avatar(one), h("span", { class: "who" }, h("span", { class: "name", text: one.real_name || one.name }), h("span", { class: "role", text: one.note ?? "" })), mine ? h("span", { class: "you", "aria-hidden": "true", text: "you" }) : null));
  }

  function spot(id, icon, name, state) {
    const unread = id === state.here ? 0 : (state.unread.get(id) ?? 0);
    return h("li", {}, h("button", { type: "button", class: unread ? "spot unread" : "spot", "aria-current": id === state.here ? "page" : undefined, data: { place: id, key: `place ${id}` }, on: { click: () => open(id) } }, icon, h("span", { class: "name", text: name }), unread ? count(unread) : null));
  }

  function draw(state) {
    const key = nav.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    people.replaceChildren(...state.people.map((one) => person(one, state.me)));
    channels.replaceChildren(...state.channels.map((one) => spot(one.id, glyph(one.private ? "lock" : "hash"), one.name + (one.archived ? " (archived)" : ""), state)));
    direct.replaceChildren(
      ...state.dms.map((one) => spot(one.id, glyph("chat"), one.name ?? state.bot.name, state)),
      spot("home", glyph("home"), "App Home", state),
    );
    if (key) [...nav.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key)?.focus();
  }
  return { draw };
}

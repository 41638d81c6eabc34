// The small tools every other module draws with: nodes, times, names, posts and toasts.

let count = 0;

/** A name for an element that no other element has. */
export const fresh = (word) => `${word}-${++count}`;

/** An HTML element. `text` becomes textContent, `on` listeners, `data` the dataset; data never becomes markup. */
export function h(tag, given = {}, ...children) {
  return fill(document.createElement(tag), given, children);
}

/** The same for SVG. */
export function svg(tag, given = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), given, children);
}

function fill(node, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, does] of Object.entries(value)) node.addEventListener(event, does);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** The text of a text object, or of a plain string. */
export const textOf = (value) => (typeof value === "string" ? value : (value?.text ?? ""));

/** Text that only a screen reader reads. */
export const unseen = (text) => h("span", { class: "unseen", text });

const LINE = { fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" };
const GLYPHS = {
  hash: "M6 2 4.5 14M11.5 2 10 14M2.5 5.5h11M2 10.5h11",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  home: "M2.5 7.5 8 2.8l5.5 4.7M4 6.8v6.7h8V6.8M6.7 13.5V10h2.6v3.5",
  world: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM1.8 8h12.4M8 1.8c-4 4-4 8.4 0 12.4 4-4 4-8.4 0-12.4z",
  send: "M2.5 8h10M8.5 3.5 13 8l-4.5 4.5",
  clip: "M11.5 6.5 7 11a2 2 0 0 1-2.8-2.8l5-5a3 3 0 0 1 4.3 4.3l-5.2 5.2a4.2 4.2 0 0 1-6-6L6.5 2.5",
  close: "M4 4l8 8M12 4l-8 8",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  dots: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  file: "M4 1.8h5l3 3v9.4H4zM9 1.8v3h3M6 8.5h4M6 11h4",
  reply: "M2.5 3.5h11v7.5H8l-3 2.5V11H2.5z",
  tune: "M3 4.5h6M12 4.5h1M3 11.5h1M7 11.5h6M10.5 3v3M5.5 10v3",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z",
  chat: "M2 3h12v8H7l-3 2.5V11H2z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.4 3.4",
  down: "M4 6.2 8 10.2l4-4",
  bolt: "M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z",
};

/** One of the page's own line drawings; says nothing to a screen reader. */
export const glyph = (name) =>
  svg("svg", { class: "glyph", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: GLYPHS[name], ...LINE }));

/** The app's face: a SIM card. */
function card() {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: "M6 4h8l4 4v12H6z", fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linejoin": "round" }),
    svg("path", { d: "M9 11h6v6H9zM12 11v6M9 14h6", fill: "none", stroke: "currentColor", "stroke-width": 1.3 }),
  );
}

/** A square with the person's initial, in a colour of their own; the app gets its SIM card. */
export function avatar(who, { isBot = false } = {}) {
  if (isBot) return h("span", { class: "avatar bot", "aria-hidden": "true" }, card());
  const name = who?.real_name || who?.name || "?";
  let sum = 0;
  for (const char of who?.id ?? name) sum = (sum * 31 + char.codePointAt(0)) % 997;
  const words = name.split(/\s+/);
  const initials = (words[0][0] ?? "?") + (words.length > 1 ? (words.at(-1)[0] ?? "") : (words[0][1] ?? ""));
  return h("span", { class: `avatar tone-${who?.tone ?? sum % 6}`, "aria-hidden": "true", text: initials });
}

const pad = (number) => String(number).padStart(2, "0");
export const dateOf = (seconds) => new Date(Number(seconds) * 1000);
export const clock = (date) => `${pad(date.getHours())}:${pad(date.getMinutes())}`;
export const wholeTime = (date) =>
  date.toLocaleString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** "Today", "Yesterday", or the day in full. */
export function dayOf(date) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return date.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
}

/** A size a person can read. */
export function sizeOf(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A file as base64, for what is sent as JSON. */
export async function asBase64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export const LARGEST_FILE = 10e6;
export const TOO_LARGE = "The demo takes files up to 10 MB.";

/** Sends JSON and gives back the answer; what went wrong is said in a toast and comes back as `ok: false`. */
export async function post(path, body, { quiet = false } = {}) {
  let answer;
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await response.json().catch(() => ({ ok: response.ok, error: `The demo answered ${response.status}.` }));
  } catch {
    answer = { ok: false, error: "The demo cannot be reached. Is ./run demo still running?" };
  }
  if (answer.ok === false && answer.error && !quiet) toast(answer.error, "error");
  return answer;
}

/** A short notice at the edge of the page; it stays while it is hovered or has the focus. */
export function toast(text, kind = "said") {
  const place = document.getElementById("toasts");
  const gone = () => note.remove();
  const close = h("button", { type: "button", class: "quiet small", "aria-label": "Dismiss", on: { click: gone } }, glyph("close"));
  const word = kind === "error" ? "That did not work: " : "";
  const note = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" }, h("p", {}, unseen(word), text), close);
  place.append(note);
  while (place.children.length > 4) place.firstChild.remove();
  const wait = () => setTimeout(() => (note.matches(":hover, :focus-within") ? wait() : gone()), kind === "error" ? 9000 : 6000);
  wait();
}

/** Says something to screen readers without moving anything on the page. */
export function announce(text) {
  const place = document.getElementById("announcer");
  place.append(h("p", { text }));
  while (place.children.length > 5) place.firstChild.remove();
}

/** Arrow keys, Home and End move the focus among the elements that `selector` finds in `box`. */
export function arrows(box, selector, { sideways = false } = {}) {
  box.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, ...(sideways ? { ArrowRight: 1, ArrowLeft: -1 } : {}) };
    const items = [...box.querySelectorAll(selector)];
    const at = items.indexOf(document.activeElement);
    if (at < 0) return;
    let next = null;
    if (event.key in steps) next = items[at + steps[event.key]];
    else if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items.at(-1);
    else return;
    event.preventDefault();
    next?.focus();
  });
}

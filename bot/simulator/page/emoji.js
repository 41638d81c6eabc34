// Emoji by shortcode or character. The common ones are drawn here, so that they look the same with every font.
import { h, svg } from "./dom.js";

const GREEN = "#2c9a63", RED = "#d0413a", YELLOW = "#e8b028", BLUE = "#3f7fd0", GREY = "#8a949e", ORANGE = "#e2812f";
const fill = (d, color) => ["path", { d, fill: color }];
const line = (d, color, width = 1.8) => ["path", { d, fill: "none", stroke: color, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" }];
const disc = (color, edge) => [["circle", { cx: 8, cy: 8, r: 6.2, fill: color, stroke: edge ?? "none" }]];
const BELL = "M8 1.6c-2.6 0-4.2 1.9-4.2 4.5 0 3.1-1.3 4.1-1.3 5.2h11c0-1.1-1.3-2.1-1.3-5.2 0-2.6-1.6-4.5-4.2-4.5zM6.4 12.3h3.2a1.6 1.6 0 0 1-3.2 0z";

// name: [character, drawing or nothing]
const TABLE = {
  white_check_mark: ["✅", [fill("M3.5 1.5h9a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2z", GREEN), line("M4.6 8.3 7 10.7l4.5-5.2", "#fff", 2)]],
  heavy_check_mark: ["✔️", [line("M2.5 8.5 6.3 12.3l7.2-8.5", GREEN, 2.4)]],
  x: ["❌", [line("M3.5 3.5l9 9M12.5 3.5l-9 9", RED, 2.8)]],
  warning: ["⚠️", [fill("M8 1.3a1 1 0 0 1 .9.5l6.3 11.4a1 1 0 0 1-.9 1.5H1.7a1 1 0 0 1-.9-1.5L7.1 1.8a1 1 0 0 1 .9-.5z", YELLOW), line("M8 5.8v3.7M8 12h.01", "#3a2c05", 1.9)]],
  hourglass_flowing_sand: ["⏳", [line("M4 1.8h8M4 14.2h8M5 1.8v2.4L8 8l3-3.8V1.8M5 14.2v-2.4L8 8l3 3.8v2.4", "#9a6b2f", 1.4), fill("M6 4.3h4L8 7zM5.6 13.3 8 10.8l2.4 2.5z", YELLOW)]],
  hourglass: ["⌛", [line("M4 1.8h8M4 14.2h8M5 1.8v2.4L8 8l3-3.8V1.8M5 14.2v-2.4L8 8l3 3.8v2.4", "#9a6b2f", 1.4), fill("M5.4 13.5 8 9.5l2.6 4z", YELLOW)]],
  bell: ["🔔", [fill(BELL, YELLOW)]],
  no_bell: ["🔕", [fill(BELL, GREY), line("M2.5 2l11 12", RED, 1.8)]],
  rotating_light: ["🚨", [fill("M3 14.5v-2h10v2zM4.2 11.5V8a3.8 3.8 0 0 1 7.6 0v3.5z", RED), line("M8 1v1.3M2.7 3.2l1 .9M13.3 3.2l-1 .9", RED, 1.5)]],
  no_entry: ["⛔", [...disc(RED), fill("M4.2 6.9h7.6v2.2H4.2z", "#fff")]],
  no_entry_sign: ["🚫", [line("M8 2.3a5.7 5.7 0 1 0 0 11.4A5.7 5.7 0 0 0 8 2.3zM4 4l8 8", RED, 1.9)]],
  question: ["❓", [line("M5.3 5.3C5.3 3.6 6.5 2.6 8 2.6s2.7 1 2.7 2.5c0 2.2-2.7 2.2-2.7 4.6M8 13h.01", RED, 2.3)]],
  exclamation: ["❗", [line("M8 2.5v7M8 13h.01", RED, 2.5)]],
  eyes: ["👀", [["ellipse", { cx: 4.6, cy: 8, rx: 3, ry: 4.6, fill: "#fff", stroke: "#59636d" }], ["ellipse", { cx: 11.4, cy: 8, rx: 3, ry: 4.6, fill: "#fff", stroke: "#59636d" }], ["circle", { cx: 3.8, cy: 9, r: 1.6, fill: "#2b3238" }], ["circle", { cx: 10.6, cy: 9, r: 1.6, fill: "#2b3238" }]]],
  mute: ["🔇", [fill("M2 5.8h2.6L8.3 2.5v11L4.6 10.2H2z", GREY), line("M10.5 6l3.8 4M14.3 6l-3.8 4", RED, 1.6)]],
  loud_sound: ["🔊", [fill("M2 5.8h2.6L8.3 2.5v11L4.6 10.2H2z", GREY), line("M10.5 5.8a3 3 0 0 1 0 4.4M12.3 4a5.6 5.6 0 0 1 0 8", GREY, 1.4)]],
  zzz: ["💤", [line("M2 7.5h5L2 14h5M9 1.8h4.5L9 7.5h4.5", BLUE, 1.8)]],
  large_green_circle: ["🟢", disc(GREEN)],
  red_circle: ["🔴", disc(RED)],
  large_yellow_circle: ["🟡", disc(YELLOW)],
  large_orange_circle: ["🟠", disc(ORANGE)],
  large_blue_circle: ["🔵", disc(BLUE)],
  white_circle: ["⚪", disc("#eef1f3", "#9aa4ad")],
  black_circle: ["⚫", disc("#3b434b")],
  mag: ["🔍", [line("M6.7 2.3a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8zM10 10l3.8 3.8", BLUE, 1.8)]],
  phone: ["☎️", [fill("M3.3 2 5.8 1.6l1.4 3.3-1.6 1.3c.7 1.6 2 2.9 3.7 3.7l1.3-1.6 3.3 1.4-.4 2.5c-.1.9-.9 1.5-1.8 1.5C6.4 13.3 2.3 9 1.9 3.8c0-.9.6-1.7 1.4-1.8z", BLUE)]],
  iphone: ["📱", [["rect", { x: 4, y: 1.2, width: 8, height: 13.6, rx: 1.6, fill: "#4a545e" }], ["rect", { x: 5, y: 3, width: 6, height: 9, fill: "#bfe0f5" }]]],
  bulb: ["💡", [fill("M8 1.3a4.6 4.6 0 0 0-2.6 8.4c.5.4.6.9.6 1.5h4c0-.6.1-1.1.6-1.5A4.6 4.6 0 0 0 8 1.3zM6.2 12.2h3.6v1.2a1.8 1.8 0 0 1-3.6 0z", YELLOW)]],
  information_source: ["ℹ️", [["rect", { x: 1.5, y: 1.5, width: 13, height: 13, rx: 2, fill: BLUE }], line("M8 7.3v4.2M8 4.6h.01", "#fff", 1.9)]],
  bar_chart: ["📊", [fill("M2.5 9h3v5h-3z", GREEN), fill("M6.5 5.5h3V14h-3z", RED), fill("M10.5 2h3v12h-3z", BLUE)]],
  chart_with_upwards_trend: ["📈", [line("M1.8 12.5 6 8.3l2.7 2.5 5.3-7M10.5 3.3H14v3.5", RED, 1.7)]],
  package: ["📦", [fill("M2 4.8 8 2l6 2.8v6.7L8 14.3 2 11.5z", "#c08a52"), line("M2 4.8 8 7.6l6-2.8M8 7.6v6.7", "#7b5226", 1)]],
  envelope: ["✉️", [["rect", { x: 1.5, y: 3.2, width: 13, height: 9.6, rx: 1, fill: "#eef1f3", stroke: GREY }], line("M2 4l6 5 6-5", GREY, 1.2)]],
  lock: ["🔒", [["rect", { x: 3, y: 7, width: 10, height: 7.3, rx: 1.2, fill: YELLOW }], line("M5.3 7V4.8a2.7 2.7 0 0 1 5.4 0V7", GREY, 1.6)]],
  double_vertical_bar: ["⏸️", [["rect", { x: 1.5, y: 1.5, width: 13, height: 13, rx: 2, fill: BLUE }], line("M6.2 5v6M9.8 5v6", "#fff", 1.9)]],
  arrow_forward: ["▶️", [["rect", { x: 1.5, y: 1.5, width: 13, height: 13, rx: 2, fill: BLUE }], fill("M6 4.6 11.5 8 6 11.4z", "#fff")]],
  speech_balloon: ["💬", [fill("M3 2h10a1.7 1.7 0 0 1 1.7 1.7v6A1.7 1.7 0 0 1 13 11.4H8.2L4.5 14.5v-3.1H3a1.7 1.7 0 0 1-1.7-1.7v-6A1.7 1.7 0 0 1 3 2z", BLUE), line("M4.8 6.7h.01M8 6.7h.01M11.2 6.7h.01", "#fff", 1.9)]],
  repeat: ["🔁", [line("M2.5 8V6.5a2.3 2.3 0 0 1 2.3-2.3h8M10.8 2l2.2 2.2-2.2 2.2M13.5 8v1.5a2.3 2.3 0 0 1-2.3 2.3h-8M5.2 14 3 11.8l2.2-2.2", BLUE, 1.6)]],
  arrows_counterclockwise: ["🔄", [line("M13.3 6.5a5.6 5.6 0 0 0-10-1.5M2.7 9.5a5.6 5.6 0 0 0 10 1.5M3 2v3.2h3.2M13 14v-3.2H9.8", BLUE, 1.6)]],
  battery: ["🔋", [["rect", { x: 4, y: 3, width: 8, height: 11.5, rx: 1.4, fill: GREEN }], ["rect", { x: 6.2, y: 1.2, width: 3.6, height: 2.4, fill: GREY }]]],
  test_tube: ["🧪", [line("M9.5 2l4.5 4.5M10.3 2.8 3.2 9.9a2 2 0 0 0 2.9 2.9l7.1-7.1", GREY, 1.5), fill("M5.8 8.5h6L6.1 14a2 2 0 0 1-2.9-2.9z", GREEN)]],
  grey_question: ["❔", [line("M5.3 5.3C5.3 3.6 6.5 2.6 8 2.6s2.7 1 2.7 2.5c0 2.2-2.7 2.2-2.7 4.6M8 13h.01", GREY, 2.3)]],
  inbox_tray: ["📥", [line("M8 1.8v6.5M5.3 5.8 8 8.5l2.7-2.7M2 9.5v4.3h12V9.5", BLUE, 1.7)]],
  outbox_tray: ["📤", [line("M8 8.5V2M5.3 4.5 8 1.8l2.7 2.7M2 9.5v4.3h12V9.5", BLUE, 1.7)]],
  tada: ["🎉"], memo: ["📝"], wave: ["👋"], "+1": ["👍"], "-1": ["👎"], clipboard: ["📋"], calendar: ["📅"], alarm_clock: ["⏰"],
  rocket: ["🚀"], wrench: ["🔧"], gear: ["⚙️"], robot_face: ["🤖"], satellite_antenna: ["📡"],
  globe_with_meridians: ["🌐"], arrow_right: ["➡️"], fire: ["🔥"], moneybag: ["💰"],
  chart_with_downwards_trend: ["📉"], unlock: ["🔓"], key: ["🔑"], link: ["🔗"], wastebasket: ["🗑️"], sos: ["🆘"], stopwatch: ["⏱️"],
  busts_in_silhouette: ["👥"], bust_in_silhouette: ["👤"], heavy_plus_sign: ["➕"], leftwards_arrow_with_hook: ["↩️"], page_facing_up: ["📄"],
};
const ALIASES = { telephone: "phone", thumbsup: "+1", thumbsdown: "-1", email: "envelope", pause_button: "double_vertical_bar", large_red_circle: "red_circle" };

const byCharacter = new Map(Object.entries(TABLE).map(([name, [character]]) => [character.replace("\uFE0F", ""), name]));
const CHARACTERS = new RegExp(`(${[...byCharacter.keys()].map((c) => c.replace(/[+*]/g, "\\$&")).join("|")})\\uFE0F?`, "u");

/** The emoji of this shortcode as a node, or null when the name is not known here. */
export function emoji(name) {
  const known = ALIASES[name] ?? name;
  if (!Object.hasOwn(TABLE, known)) return null;
  const [character, drawing] = TABLE[known];
  const node = h("span", { class: "emoji", role: "img", "aria-label": known.replaceAll("_", " "), title: `:${name}:` });
  if (!drawing) node.textContent = character;
  else node.append(svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, drawing.map(([tag, given]) => svg(tag, given))));
  return node;
}

/** Plain text as nodes: the characters we have drawings for become those drawings. */
export function textNodes(text) {
  return String(text)
    .split(CHARACTERS)
    .map((part, place) => (place % 2 ? emoji(byCharacter.get(part)) : part))
    .filter((part) => part !== "");
}

/** A plain_text object's text: shortcodes and characters become emoji, nothing else is read into it. */
export function plainText(value) {
  const text = typeof value === "string" ? value : (value?.text ?? "");
  if (value?.emoji === false) return textNodes(text);
  return text.split(/(:[a-z0-9_+'-]+:)/).flatMap((part, place) => (place % 2 ? (emoji(part.slice(1, -1)) ?? part) : textNodes(part)));
}

/** The same as a string, for places that hold no nodes: an option, a label for a screen reader. */
export function plainString(value) {
  const text = typeof value === "string" ? value : (value?.text ?? "");
  return text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => TABLE[ALIASES[name] ?? name]?.[0] ?? whole);
}

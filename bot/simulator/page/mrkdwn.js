// Slack's mrkdwn as DOM nodes. Only nodes and text are made, so no text can become markup.
import { clock, dateOf, h, wholeTime } from "./dom.js";
import { emoji, textNodes } from "./emoji.js";

const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A link that cannot reach back into this page; anything but http(s), mailto and tel stays text. */
export function link(url, children, given = {}) {
  const shown = [children ?? url].flat();
  if (!/^(https?:|mailto:|tel:)/i.test(url)) return h("span", {}, shown);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", ...given }, shown);
}

/** A person, as a chip with their name. */
export function userChip(id, ctx, fallback) {
  const name = ctx.person?.(id)?.name ?? fallback ?? id;
  return h("span", { class: id === ctx.me ? "chip mine" : "chip", text: `@${name.replace(/^@/, "")}` });
}

/** A channel, as a chip that leads there when one is in it. */
export function channelChip(id, ctx, fallback) {
  const known = ctx.channel?.(id);
  const name = `#${known?.name ?? fallback ?? id}`;
  if (!known || !ctx.open) return h("span", { class: "chip", text: name });
  return h("button", { type: "button", class: "chip", text: name, on: { click: () => ctx.open(id) } });
}

const DATES = {
  date_num: (d) => d.toLocaleDateString("sv-SE"),
  date: (d) => d.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" }),
  date_short: (d) => d.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }),
  date_long: (d) => d.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  time: clock,
  time_secs: (d) => d.toLocaleTimeString("en-GB"),
  ago: (d) => ago(d),
};

function ago(date) {
  const seconds = (date - Date.now()) / 1000;
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? steps[3];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

function pretty(date, usual) {
  const days = Math.round((new Date(date).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? usual(date);
}

/** Slack's date token: `{date_short_pretty} {time}` filled in, in the reader's own time zone. */
export function dateNode(seconds, format, url, fallback) {
  const date = dateOf(seconds);
  if (Number.isNaN(date.getTime())) return fallback ?? "";
  const words = format.replace(/\{(\w+)\}/g, (whole, token) => {
    const usual = DATES[token.replace(/_pretty$/, "")];
    if (!usual) return whole;
    return token.endsWith("_pretty") ? pretty(date, usual) : usual(date);
  });
  const time = h("time", { datetime: date.toISOString(), title: wholeTime(date), text: words });
  return url ? link(url, time) : time;
}

// What stands between < and >: a mention, a special word, a date, or a link.
function token(inside, ctx) {
  const [target, ...rest] = inside.split("|");
  const label = rest.length ? decode(rest.join("|")) : undefined;
  if (target.startsWith("@")) return userChip(target.slice(1), ctx, label);
  if (target.startsWith("#")) return channelChip(target.slice(1), ctx, label);
  if (target.startsWith("!date^")) {
    const [, seconds, format, url] = target.split("^");
    return dateNode(seconds, decode(format ?? ""), url && decode(url), label);
  }
  if (target.startsWith("!subteam^")) return h("span", { class: "chip", text: `@${(label ?? target.slice(9)).replace(/^@/, "")}` });
  if (target.startsWith("!")) return h("span", { class: "chip loud", text: label ?? `@${target.slice(1)}` });
  const url = decode(target);
  if (!/^(https?:|mailto:|tel:)/i.test(url)) return document.createTextNode(decode(`<${inside}>`));
  return link(url, label === undefined ? url.replace(/^(mailto|tel):/i, "") : textNodes(label));
}

const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<token>[^<>\\n]+)>",
    ":(?<emoji>[a-z0-9_+'-]+):",
    "(?<url>https?:\\/\\/[^\\s<>|`]+[^\\s<>|`.,;:!?)\\]*_~])",
    "(?<![\\p{L}\\p{N}])(?<mark>[*_~])(?=[^\\s*_~]|[*_~`<:])(?<inner>(?:<[^<>\\n]*>|`[^`\\n]*`|(?!\\k<mark>)[^\\n])+?)(?<=\\S)\\k<mark>(?![\\p{L}\\p{N}])",
  ].join("|"),
  "gu",
);
const TAGS = { "*": "strong", _: "em", "~": "s" };

function inline(text, ctx) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const { code, token: inside, emoji: name, url, mark, inner } = match.groups;
    const found = name === undefined ? true : emoji(name);
    if (!found) continue;
    nodes.push(...textNodes(decode(text.slice(at, match.index))));
    // A bar drawn with block characters is a picture of a number that stands beside it.
    if (code !== undefined && /^[\u2580-\u259f ]+$/.test(code)) nodes.push(h("code", { class: "meter", "aria-hidden": "true", text: code }));
    else if (code !== undefined) nodes.push(h("code", {}, literal(code, ctx)));
    else if (inside !== undefined) nodes.push(token(inside, ctx));
    else if (name !== undefined) nodes.push(found);
    else if (url !== undefined) nodes.push(ctx.verbatim ? decode(url) : link(decode(url)));
    else nodes.push(h(TAGS[mark], {}, inline(inner, ctx)));
    at = match.index + match[0].length;
  }
  nodes.push(...textNodes(decode(text.slice(at))));
  return nodes;
}

// Code keeps its characters; only the tokens between < and > still mean something, as in Slack.
const literal = (text, ctx) => text.split(/<([^<>\n]+)>/).map((part, place) => (place % 2 ? token(part, ctx) : decode(part)));

const withBreaks = (lines, ctx) => lines.flatMap((line, place) => (place ? [h("br"), ...inline(line, ctx)] : inline(line, ctx)));

function paragraphs(text, ctx) {
  const nodes = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) {
    const quoted = /^(?:&gt;|>)/.test(lines[at]);
    const whole = /^(?:&gt;|>){3}/.test(lines[at]);
    let end = at + 1;
    while (end < lines.length && (whole || /^(?:&gt;|>)/.test(lines[end]) === quoted)) end += 1;
    const some = lines.slice(at, end).map((line) => (quoted ? line.replace(/^(?:&gt;|>){1,3} ?/, "") : line));
    if (quoted) nodes.push(h("blockquote", {}, withBreaks(some, ctx)));
    else nodes.push(h("span", { class: "run" }, withBreaks(some, ctx)));
    at = end;
  }
  return nodes;
}

/** The nodes of a mrkdwn text. `ctx` knows people and channels; `ctx.verbatim` leaves bare addresses alone. */
export function mrkdwn(text, ctx) {
  const parts = String(text ?? "").split(/```([\s\S]*?)```/);
  return parts.flatMap((part, place) => {
    if (place % 2) return h("pre", { tabindex: 0 }, h("code", {}, literal(part.replace(/^\n/, "").replace(/\n$/, ""), ctx)));
    const between = (place ? part.replace(/^\n/, "") : part).replace(place < parts.length - 1 ? /\n$/ : /(?!)/, "");
    return between ? paragraphs(between, ctx) : [];
  });
}

// The two block types that carry their own formatting: rich_text (as data) and markdown (as text).
import { h } from "./dom.js";
import { emoji, textNodes } from "./emoji.js";
import { channelChip, dateNode, link, userChip } from "./mrkdwn.js";

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"], ["highlight", "mark"], ["client_highlight", "mark"]];

const styled = (nodes, style = {}) => STYLES.reduce((inside, [name, tag]) => (style?.[name] ? [h(tag, {}, inside)] : inside), [nodes].flat());

const withBreaks = (text) => text.split("\n").flatMap((line, place) => (place ? [h("br"), ...textNodes(line)] : textNodes(line)));

const INLINE = {
  text: (e) => withBreaks(e.text ?? ""),
  link: (e) => link(e.url ?? "", textNodes(e.text || e.url || "")),
  emoji: (e) => emoji(e.name) ?? (e.unicode ? String.fromCodePoint(...e.unicode.split("-").map((c) => parseInt(c, 16))) : `:${e.name}:`),
  user: (e, ctx) => userChip(e.user_id, ctx),
  channel: (e, ctx) => channelChip(e.channel_id, ctx),
  usergroup: (e) => h("span", { class: "chip", text: `@${e.usergroup_id}` }),
  team: (e) => h("span", { class: "chip", text: `@${e.team_id}` }),
  broadcast: (e) => h("span", { class: "chip loud", text: `@${e.range}` }),
  date: (e) => dateNode(e.timestamp, e.format ?? "{date} {time}", e.url, e.fallback),
  color: (e) => {
    const patch = h("span", { class: "swatch", "aria-hidden": "true" });
    if (/^#[0-9a-f]{3,8}$/i.test(e.value ?? "")) patch.style.background = e.value;
    return [patch, e.value];
  },
};

const inline = (elements, ctx) =>
  (elements ?? []).flatMap((e) => styled(INLINE[e.type] ? INLINE[e.type](e, ctx) : [e.text ?? `(${e.type})`], e.style));

const bordered = (part) => (part.border ? "bordered" : undefined);

// Lists stand one after the other with an indent each; an indented one belongs into the list before it.
function listInto(lists, part, ctx) {
  const indent = Math.min(part.indent ?? 0, 8);
  const tag = part.style === "ordered" ? "ol" : "ul";
  const list = h(tag, { class: bordered(part), start: tag === "ol" && part.offset ? part.offset + 1 : undefined });
  list.append(...(part.elements ?? []).map((item) => h("li", {}, item.type === "rich_text_section" ? inline(item.elements, ctx) : element(item, ctx))));
  const parent = lists.slice(0, indent).findLast(Boolean)?.lastElementChild;
  lists.length = indent;
  lists[indent] = list;
  return parent ? (parent.append(list), []) : [list];
}

const ELEMENTS = {
  rich_text_section: (part, ctx) => h("div", { class: "run" }, inline(part.elements, ctx)),
  rich_text_quote: (part, ctx) => h("blockquote", {}, inline(part.elements, ctx)),
  rich_text_preformatted: (part, ctx) => h("pre", { class: bordered(part), tabindex: 0 }, h("code", {}, inline(part.elements, ctx))),
};

const element = (part, ctx) => (ELEMENTS[part.type] ? ELEMENTS[part.type](part, ctx) : h("div", { class: "unknown", text: `A rich text part of type ${part.type} is not drawn here.` }));

/** The nodes of a rich_text block. */
export function richText(block, ctx) {
  const lists = [];
  return (block.elements ?? []).flatMap((part) => {
    if (part.type === "rich_text_list") return listInto(lists, part, ctx);
    lists.length = 0;
    return [element(part, ctx)];
  });
}

const MARKS = new RegExp(
  [
    "(?<ticks>`+)(?<code>.+?)\\k<ticks>(?!`)",
    "!?\\[(?<label>[^\\]]*)\\]\\((?<url>[^\\s)]+)[^)]*\\)",
    "<(?<auto>https?:[^>\\s]+)>",
    "(?<bold>\\*\\*|__)(?=\\S)(?<strong>.+?)(?<=\\S)\\k<bold>",
    "~~(?<struck>.+?)~~",
    "(?<slant>[*_])(?=\\S)(?<em>.+?)(?<=\\S)\\k<slant>(?![\\p{L}\\p{N}])",
    ":(?<emoji>[a-z0-9_+'-]+):",
    "\\\\(?<escaped>[\\\\`*_{}\\[\\]()#+.!|~<>-])",
  ].join("|"),
  "gu",
);

function span(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(MARKS)) {
    const g = match.groups;
    const found = g.emoji === undefined ? null : emoji(g.emoji);
    if (g.emoji !== undefined && !found) continue;
    nodes.push(...textNodes(text.slice(at, match.index)));
    if (g.code !== undefined) nodes.push(h("code", { text: g.code.trim() }));
    else if (g.url !== undefined) nodes.push(link(g.url, span(g.label)));
    else if (g.auto !== undefined) nodes.push(link(g.auto));
    else if (g.strong !== undefined) nodes.push(h("strong", {}, span(g.strong)));
    else if (g.struck !== undefined) nodes.push(h("s", {}, span(g.struck)));
    else if (g.em !== undefined) nodes.push(h("em", {}, span(g.em)));
    else nodes.push(found ?? g.escaped);
    at = match.index + match[0].length;
  }
  return [...nodes, ...textNodes(text.slice(at))];
}

const cells = (line) => line.replace(/^\s*\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => span(cell.trim().replaceAll("\\|", "|")));

// Each kind of line group: what it looks like, and what becomes of its lines.
const GROUPS = [
  [/^\s*(?:[-*+]|\d+[.)])\s+/, (lines) => {
    const ordered = /^\s*\d/.test(lines[0]);
    return h(ordered ? "ol" : "ul", {}, lines.map((line) => h("li", {}, span(line.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, "")))));
  }],
  [/^\s*>/, (lines) => h("blockquote", {}, markdown(lines.map((line) => line.replace(/^\s*> ?/, "")).join("\n")))],
  [/^\s*\|.*\|/, (lines) => {
    const [head, ...rows] = lines.filter((line) => !/^[\s|:-]+$/.test(line)).map(cells);
    const body = h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))));
    const heads = h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell))));
    return h("div", { class: "scrolls", tabindex: 0, role: "group", "aria-label": "Table" }, h("table", {}, heads, body));
  }],
  [/^#{1,6}\s/, (lines) => lines.map((line) => h("p", { class: "title", role: "heading", "aria-level": 4 }, span(line.replace(/^#+\s+/, ""))))],
  [/^\s*([-*_])(\s*\1){2,}\s*$/, () => h("hr")],
];

/** The nodes of a markdown block's text. */
export function markdown(text) {
  return String(text ?? "").split(/^```[^\n]*\n([\s\S]*?)^```[^\S\n]*$/m).flatMap((part, place) => {
    if (place % 2) return h("pre", { tabindex: 0 }, h("code", { text: part.replace(/\n$/, "") }));
    const nodes = [];
    const lines = part.split("\n");
    const kind = (line) => (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line) ? 4 : GROUPS.findIndex(([looks]) => looks.test(line)));
    for (let at = 0; at < lines.length; ) {
      const here = kind(lines[at]);
      let end = at + 1;
      while (end < lines.length && lines[end].trim() && kind(lines[end]) === here) end += 1;
      const some = lines.slice(at, end);
      if (here >= 0) nodes.push(GROUPS[here][1](some));
      else if (lines[at].trim()) nodes.push(h("p", {}, some.flatMap((line, n) => (n ? [h("br"), ...span(line)] : span(line)))));
      at = end;
    }
    return nodes.flat();
  });
}

// Tables: the table and data_table blocks, and the preview of a CSV file.
import { fresh, h } from "./dom.js";
import { textNodes } from "./emoji.js";
import { richText } from "./rich.js";

const number = (cell) => (cell?.type === "raw_number" ? Number(cell.value ?? cell.text) : Number.NaN);

/** What a cell says, as a string to sort by. */
function words(cell) {
  if (cell?.type !== "rich_text") return String(cell?.text ?? cell?.value ?? "");
  const gather = (part) => (part.text ?? "") + (part.elements ?? []).map(gather).join("");
  return gather(cell);
}

function inside(cell, ctx) {
  if (cell?.type === "rich_text") return richText(cell, ctx);
  if (cell?.type === "raw_number" && cell.text === undefined) return number(cell).toLocaleString("en");
  return textNodes(words(cell));
}

function frame(label, table) {
  return h("div", { class: "scrolls", tabindex: 0, role: "group", "aria-label": label }, table);
}

/** A table block: its first row is the head. */
export function tableBlock(block, ctx) {
  const [head = [], ...rows] = block.rows ?? [];
  const align = (place) => `${block.column_settings?.[place]?.align ?? "left"}${block.column_settings?.[place]?.is_wrapped ? " wraps" : ""}`;
  const cell = (tag, given) => (value, place) => h(tag, { class: align(place), ...given }, inside(value, ctx));
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, head.map(cell("th", { scope: "col" })))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell("td"))))),
  );
  return frame("Table", table);
}

const compare = (a, b) => {
  const [x, y] = [number(a), number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? words(a).localeCompare(words(b), "en", { numeric: true }) : x - y;
};

/** A data_table block: sorted by its heads, shown page by page. */
export function dataTable(block, ctx) {
  const [head = [], ...all] = block.rows ?? [];
  const size = Math.max(1, block.page_size ?? 5);
  const firstColumn = block.row_header_column_index ?? 0;
  const state = { page: 0, column: -1, down: false };
  const caption = fresh("caption");
  const body = h("tbody");
  const heads = head.map((cell, place) =>
    h("th", { scope: "col", class: all.some((row) => row[place]?.type === "raw_number") ? "right" : "left" },
      h("button", { type: "button", class: "sort", on: { click: () => sort(place) } }, inside(cell, ctx), h("span", { class: "arrow", "aria-hidden": "true" }))));
  const where = h("span", { class: "muted", role: "status" });
  const back = h("button", { type: "button", class: "small", text: "Previous", on: { click: () => turn(-1) } });
  const on = h("button", { type: "button", class: "small", text: "Next", on: { click: () => turn(1) } });

  function sort(column) {
    state.down = state.column === column && !state.down;
    state.column = column;
    state.page = 0;
    draw();
  }
  function turn(step) {
    state.page += step;
    draw();
  }
  function draw() {
    const { column, down, page } = state;
    const rows = column < 0 ? all : [...all].sort((a, b) => compare(a[column], b[column]) * (down ? -1 : 1));
    heads.forEach((th, place) => {
      if (place === column) th.setAttribute("aria-sort", down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
      th.querySelector(".arrow").textContent = place === column ? (down ? "▾" : "▴") : "";
    });
    body.replaceChildren(...rows.slice(page * size, (page + 1) * size).map((row) =>
      h("tr", {}, row.map((cell, place) =>
        h(place === firstColumn ? "th" : "td", { scope: place === firstColumn ? "row" : undefined, class: cell?.type === "raw_number" ? "right" : "left" }, inside(cell, ctx))))));
    const last = Math.min(all.length, (page + 1) * size);
    where.textContent = `${all.length ? page * size + 1 : 0}–${last} of ${all.length}`;
    back.disabled = page === 0;
    on.disabled = last >= all.length;
  }
  draw();
  const table = h("table", { "aria-labelledby": caption }, h("thead", {}, h("tr", {}, heads)), body);
  const foot = all.length > size ? h("div", { class: "pager" }, where, back, on) : null;
  return h("figure", { class: "data-table" }, h("figcaption", { id: caption, text: block.caption ?? "Table" }), frame(block.caption ?? "Table", table), foot);
}

/** The rows of a CSV text; quoted cells may hold commas, quotes and line ends. */
export function readCsv(text) {
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    const row = rows.at(-1);
    if (quoted && char === '"' && text[at + 1] === '"') row[row.length - 1] += text[++at];
    else if (char === '"' && (quoted || row.at(-1) === "")) quoted = !quoted;
    else if (!quoted && char === ",") row.push("");
    else if (!quoted && char === "\n") rows.push([""]);
    else if (char !== "\r" || quoted) row[row.length - 1] += char;
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

/** The first rows of a CSV file as a table. */
export function csvPreview(text, name) {
  const [head = [], ...rows] = readCsv(text.replace(/^\uFEFF/, ""));
  const shown = rows.slice(0, 8);
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col", text: cell })))),
    h("tbody", {}, shown.map((row) => h("tr", {}, row.map((cell) => h("td", { text: cell }))))),
  );
  const left = rows.length - shown.length;
  return [frame(`Preview of ${name}`, table), left > 0 ? h("p", { class: "muted", text: `and ${left} more ${left === 1 ? "row" : "rows"}` }) : null];
}

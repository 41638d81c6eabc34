// The data_visualization block: line, bar, area and pie as inline SVG, with the same numbers as a table.
import { fresh, h, svg } from "./dom.js";
import { tableBlock } from "./tables.js";

const WIDTH = 520, HEIGHT = 220, LEFT = 52, RIGHT = 12, TOP = 12, BOTTOM = 46;
const DASHES = ["", "7 4", "2 4", "9 3 2 3", "4 2", "1 3"];
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** Round steps for the axis that hold all values and zero. */
function axis(values) {
  const low = Math.min(0, ...values), high = Math.max(0, ...values);
  const rough = (high - low || 1) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * size).find((n) => n >= rough) ?? 10 * size;
  const from = Math.floor(low / step), to = Math.max(from + 1, Math.ceil(high / step));
  return Array.from({ length: to - from + 1 }, (_, n) => (from + n) * step);
}

const pointsOf = (series, categories) => categories.map((label, place) => {
  const point = (series.data ?? []).find((p) => p?.label === label) ?? series.data?.[place] ?? series.values?.[place];
  return Number(point?.value ?? point ?? 0);
});

function marker(place, x, y) {
  const given = { class: `dot tone-${place}`, "stroke-width": 1.5 };
  if (place % 3 === 1) return svg("rect", { x: x - 3, y: y - 3, width: 6, height: 6, ...given });
  if (place % 3 === 2) return svg("path", { d: `M${x} ${y - 4}l4 7h-8z`, ...given });
  return svg("circle", { cx: x, cy: y, r: 3, ...given });
}

function plot(chart) {
  const categories = chart.axis_config?.categories ?? (chart.series?.[0]?.data ?? []).map((p) => p.label);
  const series = (chart.series ?? []).map((one) => ({ name: one.name ?? "", values: pointsOf(one, categories) }));
  const ticks = axis(series.flatMap((one) => one.values));
  const [low, high] = [ticks[0], ticks.at(-1)];
  const wide = WIDTH - LEFT - RIGHT, tall = HEIGHT - TOP - BOTTOM;
  const y = (value) => TOP + tall * (1 - (value - low) / (high - low));
  const slot = wide / Math.max(1, categories.length);
  const x = (place) => LEFT + slot * (place + 0.5);
  const every = Math.ceil(categories.length / Math.floor(wide / 58));
  const nodes = [
    ...ticks.map((tick) => [
      svg("line", { class: tick === 0 ? "zero" : "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "tick", x: LEFT - 7, y: y(tick) + 3.5, "text-anchor": "end" }, short.format(tick)),
    ]),
    ...categories.map((label, place) => (place % every ? [] : [svg("text", { class: "tick", x: x(place), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, cut(String(label), 11))])),
    series.map((one, n) => DRAW[chart.type](one.values, n, { x, y, slot, many: series.length, series: one, categories })),
    chart.axis_config?.x_label ? svg("text", { class: "tick", x: LEFT + wide / 2, y: HEIGHT - 8, "text-anchor": "middle" }, chart.axis_config.x_label) : [],
    chart.axis_config?.y_label ? svg("text", { class: "tick", transform: `translate(11 ${TOP + tall / 2}) rotate(-90)`, "text-anchor": "middle" }, chart.axis_config.y_label) : [],
  ];
  const rows = [[chart.axis_config?.x_label ?? "", ...series.map((one) => one.name)], ...categories.map((label, n) => [label, ...series.map((one) => one.values[n])])];
  return { picture: svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, nodes.flat(4)), names: series.map((one) => one.name), rows };
}

const path = (values, at) => values.map((value, place) => `${place ? "L" : "M"}${at.x(place).toFixed(1)} ${at.y(value).toFixed(1)}`).join("");
const said = (at, place, value) => svg("title", {}, `${at.series.name}, ${at.categories[place]}: ${value.toLocaleString("en")}`);

const DRAW = {
  line: (values, n, at) => [
    svg("path", { class: `line tone-${n}`, d: path(values, at), "stroke-dasharray": DASHES[n % 6] || undefined }),
    values.map((value, place) => svg("g", {}, marker(n, at.x(place), at.y(value)), said(at, place, value))),
  ],
  area: (values, n, at) => [
    svg("path", { class: `area tone-${n}`, d: `${path(values, at)}L${at.x(values.length - 1)} ${at.y(0)}L${at.x(0)} ${at.y(0)}Z` }),
    DRAW.line(values, n, at),
  ],
  bar: (values, n, at) => {
    const width = Math.min(38, (at.slot * 0.72) / at.many);
    return values.map((value, place) => {
      const x = at.x(place) + (n - at.many / 2) * width;
      const [y1, y2] = [at.y(Math.max(0, value)), at.y(Math.min(0, value))];
      return svg("rect", { class: `bar tone-${n}`, x: x + 0.75, y: y1, width: Math.max(1, width - 1.5), height: Math.max(0.5, y2 - y1), rx: 2 }, said(at, place, value));
    });
  },
};

function pie(chart) {
  const segments = (chart.segments ?? []).map((one) => ({ label: String(one.label), value: Number(one.value) || 0 }));
  const total = segments.reduce((sum, one) => sum + one.value, 0) || 1;
  let turn = 0;
  const nodes = segments.map(({ label, value }, n) => {
    const share = value / total;
    const [from, to] = [turn, (turn += share)];
    const at = (part, radius) => `${(110 + radius * Math.sin(part * 2 * Math.PI)).toFixed(2)} ${(110 - radius * Math.cos(part * 2 * Math.PI)).toFixed(2)}`;
    const ring = share > 0.9999
      ? svg("circle", { cx: 110, cy: 110, r: 72, fill: "none", "stroke-width": 44, class: `ring tone-${n}` })
      : svg("path", { class: `slice tone-${n}`, d: `M${at(from, 94)}A94 94 0 ${share > 0.5 ? 1 : 0} 1 ${at(to, 94)}L${at(to, 50)}A50 50 0 ${share > 0.5 ? 1 : 0} 0 ${at(from, 50)}Z` });
    ring.append(svg("title", {}, `${label}: ${value.toLocaleString("en")} (${Math.round(share * 100)} %)`));
    return ring;
  });
  const names = segments.map(({ label, value }) => `${label}, ${Math.round((value / total) * 100)} %`);
  return { picture: svg("svg", { viewBox: "0 0 220 220", class: "round" }, nodes), names, rows: [["", "Value"], ...segments.map((one) => [one.label, one.value])] };
}

/** A data_visualization block as a figure: the drawing, a legend, and the numbers to read. */
export function chartBlock(block, ctx) {
  const chart = block.chart ?? {};
  if (chart.type !== "pie" && !Object.hasOwn(DRAW, chart.type ?? "")) return h("div", { class: "unknown", text: `A chart of type ${chart.type} is not drawn here.` });
  const { picture, names, rows } = chart.type === "pie" ? pie(chart) : plot(chart);
  const title = fresh("chart");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `${block.title ?? "Chart"}: a ${chart.type} chart of ${names.join(", ")}. The numbers follow as a table.`);
  const key = (name, n) => h("li", {}, svg("svg", { viewBox: "0 0 22 12", width: 22, height: 12, "aria-hidden": "true" }, chart.type === "pie" || chart.type === "bar" ? svg("rect", { class: `bar tone-${n}`, x: 5, y: 1, width: 11, height: 10, rx: 2 }) : [svg("path", { class: `line tone-${n}`, d: "M1 6h20", "stroke-dasharray": DASHES[n % 6] || undefined }), marker(n, 11, 6)]), h("span", { text: name }));
  const cells = rows.map((row) => row.map((value) => (typeof value === "number" ? { type: "raw_number", value } : { type: "raw_text", text: String(value) })));
  const numbers = h("details", {}, h("summary", { text: "Show the numbers" }), tableBlock({ rows: cells, column_settings: rows[0].map((_, n) => ({ align: n ? "right" : "left" })) }, ctx));
  return h("figure", { class: `chart chart-${chart.type}`, "aria-labelledby": title }, h("figcaption", { id: title, text: block.title ?? "" }), h("div", { class: "drawing" }, picture, h("ul", { class: "legend", "aria-label": "Legend" }, names.map(key))), numbers);
}

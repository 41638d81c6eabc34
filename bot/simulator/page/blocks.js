// Block Kit's blocks as DOM nodes. `ctx` says who looks, knows people and channels, and sends what is pressed.
import { chartBlock } from "./charts.js";
import { fresh, h, textOf } from "./dom.js";
import { element } from "./elements.js";
import { plainString, plainText } from "./emoji.js";
import { link, mrkdwn } from "./mrkdwn.js";
import { markdown, richText } from "./rich.js";
import { dataTable, tableBlock } from "./tables.js";

const HANGING = new Set(["button", "overflow", "image", "workflow_button"]);

/** A text object, plain or mrkdwn. */
export function text(value, ctx) {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return plainText(value);
  return value.type === "mrkdwn" ? mrkdwn(value.text, { ...ctx, verbatim: value.verbatim }) : plainText(value);
}

// Pictures from elsewhere are not fetched: the demo talks to this machine alone. Their words stand in for them.
function image(e, given = {}) {
  const url = e.image_url ?? e.slack_file?.url ?? (e.slack_file?.id ? `/files/${e.slack_file.id}/picture` : "");
  const words = e.alt_text || "Picture";
  const here = url.startsWith("/") || url.startsWith("data:image/") || url.startsWith(location.origin);
  if (!here) return h("span", { class: "no-picture" }, url ? link(url, words) : words);
  const node = h("img", { src: url, alt: e.alt_text ?? "", loading: "lazy", ...given });
  node.addEventListener("error", () => node.replaceWith(h("span", { class: "no-picture", text: words })));
  return node;
}

function section(block, ctx) {
  const words = block.text ? h("div", { class: "text" }, text(block.text, ctx)) : null;
  const fields = block.fields?.length ? h("ul", { class: "fields" }, block.fields.map((field) => h("li", {}, text(field, ctx)))) : null;
  const name = plainString(textOf(block.text)).replace(/[*_~`]/g, "").slice(0, 120);
  const accessory = block.accessory?.type === "image" ? image(block.accessory, { class: "thumb" }) : block.accessory ? element(block.accessory, { block, ctx, name, sends: true }).node : null;
  const hangs = HANGING.has(block.accessory?.type) ? "accessory hangs" : "accessory";
  return [h("div", { class: "words" }, words, fields), accessory ? h("div", { class: hangs }, accessory) : null];
}

function context(block, ctx) {
  return (block.elements ?? []).map((e) => (e.type === "image" ? image(e, { class: "tiny" }) : h("span", {}, text(e, ctx))));
}

const actions = (block, ctx) => (block.elements ?? []).map((e) => element(e, { block, ctx, sends: true }).node);

const GROUPED = new Set(["radio_buttons", "checkboxes"]);

function input(block, ctx) {
  const ids = { label: fresh("label"), hint: fresh("hint"), error: fresh("error"), field: fresh("field") };
  const described = [block.hint ? ids.hint : "", ids.error].filter(Boolean).join(" ");
  const grouped = GROUPED.has(block.element?.type);
  const naming = grouped ? { "aria-labelledby": ids.label, "aria-describedby": described } : { id: ids.field, "aria-describedby": described, "aria-required": block.optional ? undefined : "true" };
  const made = element(block.element, { block, ctx, form: true, naming, optional: block.optional, sends: Boolean(block.dispatch_action) });
  const error = h("p", { class: "wrong", id: ids.error, role: "alert" });
  ctx.field?.(block, made, { error, show: (sentence) => {
    error.textContent = sentence ?? "";
    const target = made.node.matches?.("input,select,textarea") ? made.node : (made.node.querySelector?.("input") ?? made.node);
    if (sentence) target.setAttribute("aria-invalid", "true");
    else target.removeAttribute("aria-invalid");
    return target;
  } });
  const label = h(grouped ? "div" : "label", { class: "label", id: ids.label, for: grouped ? undefined : ids.field }, plainText(block.label), block.optional ? h("span", { class: "muted", text: " (optional)" }) : null);
  return [label, made.node, block.hint ? h("p", { class: "hint", id: ids.hint }, plainText(block.hint)) : null, error];
}

const LEVELS = { info: "Information", warning: "Warning", error: "Error", success: "Done", default: "Note" };
const alert = (block, ctx) => [h("strong", { text: `${LEVELS[block.level ?? "default"] ?? "Note"}: ` }), h("span", {}, text(block.text, ctx))];

function card(block, ctx) {
  return [
    block.hero_image ? image(block.hero_image, { class: "hero" }) : null,
    h("div", { class: "card-head" }, block.icon ? image(block.icon, { class: "tiny" }) : null, h("strong", {}, text(block.title, ctx)), block.subtitle ? h("span", { class: "muted" }, text(block.subtitle, ctx)) : null),
    block.body ? h("div", { class: "text" }, text(block.body, ctx)) : null,
    block.actions?.length ? h("div", { class: "buttons" }, actions({ ...block, elements: block.actions }, ctx)) : null,
  ];
}

const STATES = { pending: ["○", "waiting"], in_progress: ["◐", "under way"], complete: ["●", "done"], error: ["✕", "failed"] };

function task(block, ctx) {
  const [sign, word] = STATES[block.status] ?? ["○", block.status ?? ""];
  return [
    h("p", { class: "task" }, h("span", { class: `state ${block.status}`, "aria-hidden": "true", text: sign }), h("strong", { text: textOf(block.title) }), h("span", { class: "muted", text: word })),
    [block.details, block.output].filter(Boolean).map((part) => h("div", { class: "detail" }, richText(part, ctx))),
    block.sources?.length ? h("ul", { class: "sources" }, block.sources.map((source) => h("li", {}, link(source.url ?? "", source.text)))) : null,
  ];
}

const plan = (block, ctx) => [h("p", {}, h("strong", { text: textOf(block.title) })), h("ol", { class: "plan" }, (block.tasks ?? []).map((one) => h("li", {}, task(one, ctx))))];

function container(block, ctx) {
  const title = block.rich_text_title ? richText(block.rich_text_title, ctx) : text(block.title, ctx);
  const subtitle = block.subtitle ? h("span", { class: "muted" }, text(block.subtitle, ctx)) : null;
  if (block.is_collapsible) return h("details", { open: !block.default_collapsed }, h("summary", {}, title, " ", subtitle), drawBlocks(block.child_blocks, ctx));
  return [h("p", { class: "title" }, title, " ", subtitle), drawBlocks(block.child_blocks, ctx)];
}

const video = (block) => [
  h("p", { class: "title" }, link(block.title_url ?? block.video_url ?? "", plainText(block.title))),
  h("p", { class: "muted", text: ["Video", block.provider_name, block.author_name].filter(Boolean).join(" · ") }),
  block.description ? h("p", {}, plainText(block.description)) : null,
  image({ image_url: block.thumbnail_url, alt_text: block.alt_text }, { class: "hero" }),
];

const picture = (block) => {
  const title = block.title ? h("figcaption", {}, plainText(block.title)) : null;
  return h("figure", { class: "picture" }, title, image(block, { class: "hero" }));
};

const DRAW = {
  section,
  header: (block) => h("h3", {}, plainText(block.text)),
  divider: () => h("hr"),
  context,
  actions,
  context_actions: actions,
  input,
  image: picture,
  rich_text: richText,
  markdown: (block) => markdown(block.text),
  table: tableBlock,
  data_table: dataTable,
  data_visualization: chartBlock,
  video,
  file: (block) => h("p", { class: "muted", text: `A file kept elsewhere (${block.external_id ?? "no id"})` }),
  alert,
  card,
  carousel: (block, ctx) => h("ul", { class: "carousel" }, (block.elements ?? []).map((one) => h("li", { class: "b b-card" }, card(one, ctx)))),
  container,
  task_card: task,
  plan,
};

/** One block; one that is not known says so, where it would have stood. */
function draw(block, ctx) {
  const made = DRAW[block?.type];
  if (!made) return h("div", { class: "b unknown", text: `A block of type ${block?.type ?? "?"} is not drawn here.` });
  const level = block.type === "alert" ? ` level-${block.level ?? "default"}` : "";
  try {
    return h("div", { class: `b b-${block.type}${level}`, data: { block: block.block_id ?? "" } }, made(block, ctx));
  } catch (error) {
    console.error(error);
    return h("div", { class: "b unknown", text: `This block of type ${block.type} could not be drawn: ${error.message}` });
  }
}

/** All blocks of a message, a modal or the App Home. */
export const drawBlocks = (blocks, ctx) => (blocks ?? []).map((block) => draw(block, ctx));

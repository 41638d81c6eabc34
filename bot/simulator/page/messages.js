// One message, and a list of them that changes in place.
import { drawBlocks } from "./blocks.js";
import { avatar, clock, dateOf, dayOf, glyph, h, sizeOf, toast, unseen, wholeTime } from "./dom.js";
import { emoji } from "./emoji.js";
import { menuButton } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { csvPreview } from "./tables.js";

const MINUTES = 5;

function attachment(file) {
  const url = file.url ?? `/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;
  const here = url.startsWith("/") || url.startsWith(location.origin);
  const csv = /csv/.test(file.mimetype ?? "") || /\.csv$/i.test(file.name);
  const preview = h("div", { class: "preview", hidden: true });
  const look = h("button", { type: "button", class: "small", "aria-expanded": "false", text: "Preview" });
  look.addEventListener("click", async () => {
    if (!preview.hasChildNodes()) {
      try {
        const text = await (await fetch(url)).text();
        preview.append(...csvPreview(text, file.name).filter(Boolean));
      } catch {
        return toast(`${file.name} could not be read.`, "error");
      }
    }
    preview.hidden = !preview.hidden;
    look.setAttribute("aria-expanded", String(!preview.hidden));
    look.textContent = preview.hidden ? "Preview" : "Hide preview";
    return undefined;
  });
  const picture = /^image\//.test(file.mimetype ?? "") && here ? h("img", { class: "hero", src: url, alt: file.title ?? file.name }) : null;
  const save = h("a", { class: "button small", href: here ? url : undefined, download: file.name, "aria-label": `Download ${file.name}`, text: "Download" });
  return h("div", { class: "file" }, h("div", { class: "file-head" }, glyph("file"), h("span", { class: "file-name" }, h("strong", { text: file.name }), h("small", { text: sizeOf(file.size) })), csv && here ? look : null, save), picture, preview);
}

const replies = (count) => `${count} ${count === 1 ? "reply" : "replies"}`;

/** Who wrote a message, as it is shown. */
export function author(message, ctx) {
  const person = ctx.person(message.user);
  const isBot = Boolean(message.bot_id) || message.user === ctx.bot.id;
  return { person, isBot, name: (!isBot && (person?.real_name || person?.name)) || message.username || (isBot ? ctx.bot.name : message.user) || "someone" };
}

const replying = (message, ctx, name) => h("button", { type: "button", class: "quiet square", title: "Reply in thread", "aria-label": `Reply in thread to ${name}, ${clock(dateOf(message.ts))}`, on: { click: () => ctx.openThread(message) } }, glyph("reply"));

// The shortcuts of the app for messages, as in Slack: not for those that one person alone can see.
function more(message, ctx, name) {
  const items = ctx.shortcuts("message").map((one) => ({ label: one.name, note: one.description, go: () => ctx.start(one, message) }));
  return items.length ? menuButton({ name: `More actions for the message of ${name}, ${clock(dateOf(message.ts))}`, items, look: "quiet square", data: { key: "more" } }) : null;
}

function item(message, ctx, { compact, thread, isNew, changed }) {
  const { person, isBot, name } = author(message, ctx);
  const date = dateOf(message.ts);
  const here = { ...ctx, ...ctx.forMessage(message) };
  const time = h("time", { datetime: date.toISOString(), title: wholeTime(date), text: clock(date) });
  const head = h("p", { class: compact ? "by unseen" : "by" }, h("strong", { text: name }), isBot ? h("span", { class: "badge", text: "app" }) : null, time);
  const content = message.blocks?.length ? drawBlocks(message.blocks, here) : h("div", { class: "b b-text" }, mrkdwn(message.text, here));
  const body = h("div", { class: "message-body" }, head, h("div", { class: isBot && message.blocks?.length ? "blocks framed" : "blocks" }, content), (message.files ?? []).map(attachment));
  if (message.reactions?.length) body.append(h("ul", { class: "reactions", "aria-label": "Reactions" }, message.reactions.map((name) => h("li", {}, emoji(name) ?? `:${name}:`))));
  if (message.edited) body.append(h("p", { class: "edited", text: "(edited)" }));
  if (message.ephemeral) body.prepend(h("p", { class: "only" }, glyph("eye"), "Only visible to you"));
  if (!thread && message.reply_count) body.append(h("button", { type: "button", class: "replies", data: { thread: message.ts }, on: { click: () => ctx.openThread(message) } }, glyph("reply"), replies(message.reply_count), unseen(", open the thread")));
  const tools = message.ephemeral ? null : h("div", { class: "tools" }, thread ? null : replying(message, ctx, name), more(message, ctx, name));
  const side = compact ? h("span", { class: "gutter", "aria-hidden": "true" }, clock(date)) : avatar(person ?? { id: message.user, name }, { isBot });
  const names = ["message", compact && "compact", message.ephemeral && "ephemeral", isNew && "new", changed && "changed"].filter(Boolean).join(" ");
  return h("li", { class: names, tabindex: -1, data: { ts: message.ts, by: name } }, side, body, tools);
}

/** The children of `parent` become `nodes`; those that stay are not touched, so focus and scrolling stay too. */
function place(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
}

/** A list of messages in `scroller`. `sync` makes it show exactly these. */
export function messageList(scroller, ctx, { thread = false, empty = "" } = {}) {
  const list = h("ol", { class: "messages" });
  const nothing = h("p", { class: "nothing" });
  scroller.replaceChildren(nothing, list);
  let kept = new Map();
  let first = true;

  function entry(message, compact) {
    const old = kept.get(message.ts);
    if (old && old.message === message && old.compact === compact) return old;
    const changed = Boolean(old) && old.message !== message;
    return { message, compact, node: item(message, ctx, { compact, thread, isNew: !old && !first, changed }) };
  }

  function sync(messages) {
    const near = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 90;
    const active = list.contains(document.activeElement) ? document.activeElement : null;
    const focus = active && { ts: active.closest(".message")?.dataset.ts, key: active.dataset.key };
    const next = new Map();
    const nodes = [];
    let before = null;
    for (const message of messages) {
      const newDay = !before || dayOf(dateOf(before.ts)) !== dayOf(dateOf(message.ts));
      const same = before && before.user === message.user && before.bot_id === message.bot_id && before.username === message.username;
      const compact = Boolean(same && !newDay && !message.ephemeral && !before.ephemeral && !message.blocks?.length && message.ts - before.ts < MINUTES * 60);
      if (newDay && !thread) {
        const day = dayOf(dateOf(message.ts));
        const known = kept.get(`day ${day}`) ?? { node: h("li", { class: "day" }, h("span", { text: day })) };
        next.set(`day ${day}`, known);
        nodes.push(known.node);
      }
      const made = entry(message, compact);
      next.set(message.ts, made);
      nodes.push(made.node);
      before = message;
    }
    kept = next;
    nothing.hidden = messages.length > 0;
    nothing.textContent = typeof empty === "function" ? empty() : empty;
    place(list, nodes);
    const last = list.querySelector(".message:last-of-type");
    if (!list.querySelector('.message[tabindex="0"]') && last) last.tabIndex = 0;
    if (focus && !active.isConnected) {
      const row = kept.get(focus.ts)?.node;
      const again = row && focus.key && [...row.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focus.key);
      (again ?? row)?.focus({ preventScroll: true });
    }
    if (near || first) scroller.scrollTop = scroller.scrollHeight;
    first = false;
  }

  list.addEventListener("keydown", (event) => {
    if (event.target.closest("[role=menu],[role=listbox],input,select,textarea")) return;
    const rows = [...list.querySelectorAll(".message")];
    const at = rows.indexOf(event.target.closest(".message"));
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    rows[next]?.focus();
  });
  list.addEventListener("focusin", (event) => {
    const row = event.target.closest(".message");
    for (const other of list.querySelectorAll('.message[tabindex="0"]')) if (other !== row) other.tabIndex = -1;
    if (row) row.tabIndex = 0;
  });

  return { sync, node: list, name: (label) => list.setAttribute("aria-label", label), forget: () => { kept = new Map(); first = true; place(list, []); } };
}

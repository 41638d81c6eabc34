// The page's start: holds the state, listens to the stream, and asks the other modules to draw.
import { drawBlocks } from "./blocks.js";
import { composer } from "./composer.js";
import { announce, asBase64, avatar, glyph, h, LARGEST_FILE, post, textOf, toast, TOO_LARGE } from "./dom.js";
import { plainString } from "./emoji.js";
import { jumper } from "./jump.js";
import { author, messageList } from "./messages.js";
import { modals } from "./modal.js";
import { side } from "./side.js";
import { streaming } from "./stream.js";
import { worldPanel } from "./world.js";

const $ = (id) => document.getElementById(id);
const TITLE = document.title;
const state = { me: "", people: [], bot: { id: "", name: "simops" }, channels: [], dms: [], messages: new Map(), shortcuts: [], home: null, here: "", example: "", thread: null, unread: new Map(), read: {} };

// ---- what the drawing modules may ask --------------------------------------------------------------------------

const person = (id) => state.people.find((one) => one.id === id) ?? (id === state.bot.id ? state.bot : undefined);
const places = () => [...state.channels, ...state.dms];
const placeOf = (id) => places().find((one) => one.id === id);

const act = (where) => (block, element, value, how) =>
  post("/do/act", { as: state.me, ...where(), block_id: block.block_id, action_id: element.action_id, value }, how);
const suggest = (where) => (block, element, query) =>
  post("/do/suggest", { as: state.me, ...where(), block_id: block.block_id, action_id: element.action_id, query });

const ctx = {
  get me() { return state.me; },
  get bot() { return state.bot; },
  person,
  channel: (id) => state.channels.find((one) => one.id === id),
  people: () => state.people,
  channels: () => state.channels,
  open: (id) => open(id),
  openThread: (message) => openThread(message),
  shortcuts: (type) => state.shortcuts.filter((one) => one.type === type),
  start: (shortcut, message) => post("/do/shortcut", { as: state.me, callback_id: shortcut.callback_id, ...(message ? { channel: message.channel, ts: message.ts } : {}) }),
  forMessage: (message) => ({ act: act(() => ({ channel: message.channel, ts: message.ts })), suggest: suggest(() => ({ channel: message.channel, ts: message.ts })) }),
};
const forView = (view) => ({ ...ctx, act: act(() => ({ view_id: view.id })), suggest: suggest(() => ({ view_id: view.id })) });

// ---- parts -----------------------------------------------------------------------------------------------------

const nav = side($("side"), { be, open });
const world = worldPanel($("world-body"));
const modal = modals({ as: () => state.me, ctxOf: forView });
const list = messageList($("scroller"), ctx, { empty: () => `Nothing has been said here yet.${state.example && !isDirect(state.here) ? ` Try ${state.example}` : ""}` });
const replies = messageList($("thread-scroller"), ctx, { thread: true });

const deaf = () => `${state.bot.name} does not read messages; type /sim help`;
const isDirect = (id) => state.dms.some((one) => one.id === id);
const forBot = (channel, text) => !text.startsWith("/") && (isDirect(channel) || text.includes(`@${state.bot.name}`));
const say = (where) => async (text) => {
  const { channel, ts } = where();
  const { ok } = await post("/do/say", { as: state.me, channel, text, ...(ts ? { thread_ts: ts } : {}) });
  if (ok !== false && forBot(channel, text)) toast(`${deaf()}.`);
  return ok !== false;
};
const commands = () => state.commands;
const writer = composer({ label: "Message", placeholder: "", send: say(() => ({ channel: state.here })), attach, commands });
const answerer = composer({ label: "Reply in the thread", placeholder: "Reply…", send: say(() => state.thread), commands });
$("write").append(writer.node);
$("thread-write").append(answerer.node);

async function attach(file) {
  if (file.size > LARGEST_FILE) return toast(TOO_LARGE, "error");
  return post("/do/file", { as: state.me, channel: state.here, name: file.name, content: await asBase64(file) });
}

// ---- drawing ---------------------------------------------------------------------------------------------------

const ofPlace = (id) => [...(state.messages.get(id)?.values() ?? [])].sort((a, b) => a.ts - b.ts);
const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

function counted(message, all) {
  const count = all.filter((one) => isReply(one) && one.thread_ts === message.ts).length;
  return Math.max(message.reply_count ?? 0, count);
}

function drawMessages() {
  const all = ofPlace(state.here);
  for (const message of all) {
    const count = counted(message, all);
    if (count === (message.reply_count ?? 0)) continue;
    state.messages.get(state.here).set(message.ts, { ...message, reply_count: count });
  }
  list.sync(ofPlace(state.here).filter((message) => !isReply(message)));
  if (!state.thread) return;
  const { channel, ts } = state.thread;
  replies.sync(ofPlace(channel).filter((message) => message.ts === ts || message.thread_ts === ts));
}

function drawPlace() {
  const isHome = state.here === "home";
  const place = placeOf(state.here);
  const isDm = isDirect(state.here);
  const name = isHome ? "App Home" : isDm ? (place?.name ?? state.bot.name) : (place?.name ?? "…");
  const sign = isHome ? glyph("home") : isDm ? avatar(state.bot, { isBot: true }) : glyph(place?.private ? "lock" : "hash");
  $("place-name").replaceChildren(sign, name);
  const members = place?.member_count;
  $("place-note").textContent = isHome ? `What ${state.bot.name} shows to you alone` : isDm ? "Direct messages with the app" : members ? `${members} ${members === 1 ? "member" : "members"}` : "";
  $("home").hidden = !isHome;
  $("scroller").hidden = isHome;
  $("write").hidden = isHome || Boolean(place?.archived);
  const target = isDm ? state.bot.name : `#${name}`;
  writer.rename(`Message ${target}`, isDm ? deaf() : `Message ${target}, or type /sim`);
  list.name(`Messages in ${target}`);
  if (isHome) drawHome();
  else drawMessages();
}

function drawHome() {
  const view = state.home;
  $("home").replaceChildren(...(view ? drawBlocks(view.blocks, forView(view)) : [h("p", { class: "nothing", text: "The app has not drawn its Home yet." })]));
}

function countUnread() {
  for (const { id } of places()) {
    if (id === state.here && !document.hidden) state.read[id] = Math.max(Number(state.read[id] ?? 0), ...ofPlace(id).map((one) => Number(one.ts)));
    const since = Number(state.read[id] ?? 0);
    state.unread.set(id, ofPlace(id).filter((one) => Number(one.ts) > since && one.user !== state.me).length);
  }
  remember(`simops.read.${state.me}`, JSON.stringify(state.read));
  const sum = [...state.unread.values()].reduce((all, one) => all + one, 0);
  document.title = sum ? `(${sum}) ${TITLE}` : TITLE;
}

function drawAll() {
  countUnread();
  nav.draw(state);
  drawPlace();
}

// ---- going places ----------------------------------------------------------------------------------------------

function open(id, { focus = false } = {}) {
  if (id !== "home" && !placeOf(id)) return;
  if (id !== state.here) {
    closeThread();
    list.forget();
  }
  state.here = id;
  fold("side", false);
  writeHash();
  drawAll();
  if (id === "home") post("/do/home", { as: state.me });
  if (focus) (id === "home" ? $("place-name") : writer).focus();
}

function openThread(message) {
  if (state.thread?.ts !== message.ts) replies.forget();
  state.thread = { channel: message.channel, ts: message.thread_ts ?? message.ts };
  $("thread").hidden = false;
  $("columns").classList.add("with-thread");
  drawMessages();
  answerer.focus();
}

function closeThread() {
  if (!state.thread) return;
  const back = $("scroller").querySelector(`[data-ts="${CSS.escape(state.thread.ts)}"]`);
  const inside = $("thread").contains(document.activeElement);
  state.thread = null;
  $("thread").hidden = true;
  $("columns").classList.remove("with-thread");
  if (inside) back?.focus();
}

function be(id) {
  if (id === state.me) return;
  writeHash(id);
  listen(id);
}

const wide = matchMedia("(min-width: 1100px)");
function fold(what, shown) {
  $("columns").classList.toggle(what === "world" && wide.matches ? "without-world" : `with-${what}`, what === "world" && wide.matches ? !shown : shown);
  const now = what === "world" && wide.matches ? !$("columns").classList.contains("without-world") : shown;
  $(`show-${what}`).setAttribute("aria-expanded", String(now));
}
const isOut = (what) => $(`show-${what}`).getAttribute("aria-expanded") === "true";

// ---- what the address remembers --------------------------------------------------------------------------------

const readHash = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
function writeHash(me = state.me) {
  const name = state.channels.find((one) => one.id === state.here)?.name ?? state.here;
  const wanted = `#${new URLSearchParams({ as: me, in: name })}`;
  if (location.hash !== wanted) history.replaceState(null, "", wanted);
}
function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* a page without storage forgets what was read, no more */ }
}
function recall(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

// ---- the stream ------------------------------------------------------------------------------------------------

const shown = (data) => (data && "view" in data ? data.view : data);

const listen = streaming(
  {
    snapshot,
    message: ({ channel, message }) => arrived(channel, message),
    deleted: ({ channel, ts }) => {
      state.messages.get(channel)?.delete(ts);
      drawAll();
    },
    modal: (data) => modal.draw(shown(data)),
    home: (data) => {
      state.home = shown(data);
      if (state.here === "home") drawHome();
    },
    world: look,
    error: (data) => toast(data.text, "error"),
  },
  (words, is) => {
    $("link").textContent = words;
    $("link").dataset.is = is;
  },
);

function snapshot(data) {
  const before = state.me;
  const wanted = readHash().in;
  Object.assign(state, { me: data.me?.id ?? data.me, people: data.people ?? [], bot: data.bot ?? state.bot, channels: data.channels ?? [], dms: data.dms ?? [], home: data.home ?? null, commands: data.commands ?? undefined, shortcuts: data.shortcuts ?? [], example: data.world?.example ?? "" });
  state.people.forEach((one, place) => { one.tone = place % 6; });
  state.messages = new Map(places().map(({ id }) => [id, new Map()]));
  for (const [channel, some] of Object.entries(data.messages ?? {})) state.messages.set(channel, new Map(some.map((one) => [one.ts, { ...one, channel }])));
  if (state.me !== before) {
    state.unread = new Map();
    try { state.read = JSON.parse(recall(`simops.read.${state.me}`) ?? "{}"); } catch { state.read = {}; }
    closeThread();
    list.forget();
  }
  remember("simops.me", state.me);
  const known = [...state.channels.flatMap((one) => [[one.name, one.id], [one.id, one.id]]), ...state.dms.map((one) => [one.id, one.id]), ["home", "home"]];
  state.here = new Map(known).get(wanted) ?? state.channels[0]?.id ?? state.dms[0]?.id ?? "home";
  writeHash();
  writer.shortcuts(ctx.shortcuts("global").map((one) => ({ label: one.name, note: one.description, go: () => ctx.start(one) })));
  drawAll();
  if (before && before !== state.me) announce(`You are ${person(state.me)?.real_name ?? state.me} now.`);
  if (state.here === "home") post("/do/home", { as: state.me });
  modal.draw(data.modal ?? null);
  look(data.world);
}

// The world comes whole, or as a word that it changed; then it is asked for.
async function look(data) {
  if (data?.controls) {
    world.draw(data);
    return;
  }
  const answer = await fetch("/do/world").then((response) => response.json()).catch(() => null);
  if (!answer) return;
  if (state.example !== (answer.state?.example ?? "")) {
    state.example = answer.state?.example ?? "";
    if (state.here !== "home") drawMessages();
  }
  world.draw(answer);
}

function arrived(channel, message) {
  if (!state.messages.has(channel)) state.messages.set(channel, new Map());
  const known = state.messages.get(channel).has(message.ts);
  state.messages.get(channel).set(message.ts, { ...message, channel });
  const { name } = author(message, ctx);
  const where = placeOf(channel)?.name ?? "a direct message";
  const words = plainString(textOf(message.text)).slice(0, 300);
  if (message.user !== state.me) announce(`${name} in ${where}${known ? ", changed" : ""}: ${words}`);
  drawAll();
}

// ---- keys and buttons ------------------------------------------------------------------------------------------

function jump() {
  if (modal.isOpen() || document.querySelector("dialog[open]")) return;
  const targets = [
    { value: "write", label: "Write a message", note: "here" },
    ...state.channels.map((one) => ({ value: one.id, label: `#${one.name}`, note: "channel" })),
    ...state.dms.map((one) => ({ value: one.id, label: one.name ?? state.bot.name, note: "direct messages" })),
    { value: "home", label: "App Home", note: state.bot.name },
    ...state.people.map((one) => ({ value: `be ${one.id}`, label: `Be ${one.real_name || one.name}`, note: one.note ?? "" })),
  ];
  jumper(targets, (value) => {
    if (value === "write") writer.focus();
    else if (value.startsWith("be ")) be(value.slice(3));
    else open(value, { focus: true });
  });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    jump();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if ($("thread").contains(document.activeElement)) closeThread();
    else if (!wide.matches) ["side", "world"].forEach((what) => fold(what, false));
  }
});
$("skip").addEventListener("click", (event) => { event.preventDefault(); writer.focus(); });
$("jump").addEventListener("click", jump);
$("close-thread").addEventListener("click", closeThread);
$("close-world").addEventListener("click", () => { fold("world", false); $("show-world").focus(); });
for (const what of ["side", "world"]) $(`show-${what}`).addEventListener("click", () => fold(what, !isOut(what)));
$("show-side").append(glyph("menu"));
$("show-world").prepend(glyph("world"));
$("jump").prepend(glyph("search"));
$("close-thread").append(glyph("close"));
$("close-world").append(glyph("close"));
$("mark").append(...avatar(state.bot, { isBot: true }).childNodes);
$("show-world").setAttribute("aria-expanded", String(wide.matches));
wide.addEventListener("change", () => { $("columns").classList.remove("with-world", "with-side", "without-world"); $("show-world").setAttribute("aria-expanded", String(wide.matches)); });
document.addEventListener("visibilitychange", () => state.me && drawAll());
window.addEventListener("hashchange", () => {
  const { as, in: name } = readHash();
  const id = state.channels.find((one) => one.name === name)?.id ?? name;
  if (as && as !== state.me) listen(as);
  else if (id !== state.here) open(id);
});

listen(readHash().as ?? recall("simops.me") ?? "");

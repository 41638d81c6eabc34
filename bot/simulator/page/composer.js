// Where one types: sends on Enter, suggests `/sim …`, remembers what was sent, takes files that are chosen or dropped.
import { fresh, glyph, h } from "./dom.js";
import { menuButton } from "./menu.js";

// What is offered while a command is typed, when the demo itself sends no list: the verbs of bot/rules/commands.py.
const COMMANDS = [
  ["/sim show ", "ID: the SIM's card; ID is any of its numbers, its label, or a piece"],
  ["/sim find ", "WORDS status:active usage>80%: searches the SIMs, paged, with a CSV"],
  ["/sim history ", "ID: what happened to the SIM, in one line of time"],
  ["/sim activate ", "ID because REASON: asks for approval, then activates the SIM"],
  ["/sim suspend ", "ID because REASON: asks for approval, then suspends the SIM"],
  ["/sim retire ", "ID because REASON: asks for approval, then retires the SIM for good"],
  ["/sim plan ", "ID PLAN because REASON: asks for approval, then changes the rate plan"],
  ["/sim addon ", "ID PACKAGE because REASON: asks for approval, then orders an add-on"],
  ["/sim apn ", "ID APN on|off because REASON: asks for approval, then switches the APN"],
  ["/sim set ", "ID custom2=TEXT because REASON: asks for approval, then sets custom fields"],
  ["/sim sms ", "ID TEXT: sends an SMS to the device"],
  ["/sim sms status ", "N: what became of an SMS; without N, the newest"],
  ["/sim bulk", "opens the form to change many SIMs: pasted, from a file, or found"],
  ["/sim protect ", "ID because REASON: keeps the SIM out of bulk changes and retirement"],
  ["/sim unprotect ", "ID because REASON: lifts that again"],
  ["/sim protected", "the protected SIMs, by whom and why"],
  ["/sim pool ", "ACCOUNT: share pools and how much of them is used"],
  ["/sim account ", "NAME: the enterprise, or one account"],
  ["/sim plans ", "ACCOUNT: the rate plans of an account"],
  ["/sim countries ", "2026-11: traffic and SIMs by country"],
  ["/sim approvals", "what waits for a decision, for me and from me"],
  ["/sim delegate ", "PERSON until friday: lets somebody approve in my place"],
  ["/sim jobs", "the bulk jobs: what runs, by whom, how far"],
  ["/sim job ", "N: one bulk job: progress, what failed, its buttons"],
  ["/sim refresh ", "ACCOUNT: reads the SIMs of an account anew, for searches and alerts"],
  ["/sim policy ", "test retire 200 account:acme: which policy matches, and who decides"],
  ["/sim alerts", "the alerts that are open; `alerts rules`, `alerts test RULE`"],
  ["/sim ack ", "N: takes alert N; `ack card N`: all of a card"],
  ["/sim snooze ", "N 3d: puts alert N, or `card N`, off; `worse`: until it gets worse"],
  ["/sim subscribe ", "no-session account:acme: this channel gets these notifications"],
  ["/sim subscriptions", "which channel gets which notifications, and by whom"],
  ["/sim unsubscribe ", "N: ends a subscription"],
  ["/sim mute ", "account:acme 2h because WORK: holds what planned work causes; alone: lists it"],
  ["/sim unmute ", "N: ends that sooner"],
  ["/sim event ", "N: the way of one notification, from its coming to its channel"],
  ["/sim report ", "week: the fleet in a day, a week or a cycle, with a CSV"],
  ["/sim audit ", "ID: who did what to a SIM, a request (#12) or by a person"],
  ["/sim status", "how the bot, SmartHub and Slack are"],
  ["/sim help", "this list"],
];

/** A form with one growing field. `send(text)` resolves to false when the text should stay; `shortcuts` can be changed. */
export function composer({ label, placeholder, send, attach, commands = () => undefined }) {
  const list = fresh("commands");
  const past = [];
  let at = 0;
  let active = -1;
  let shown = [];
  const hints = h("ul", { id: list, role: "listbox", class: "options above", hidden: true, "aria-label": "Commands" });
  const area = h("textarea", {
    rows: 1, placeholder, "aria-label": label, "aria-autocomplete": "list", "aria-controls": list, autocomplete: "off", class: "typing",
    on: { input: () => { grow(); suggest(); }, keydown: onKey, blur: () => setTimeout(hide, 120) },
  });
  const file = h("input", { type: "file", accept: ".csv,.tsv,.txt,.xlsx", hidden: true, tabindex: -1, "aria-hidden": "true" });
  file.addEventListener("change", async () => {
    if (file.files[0]) await attach(file.files[0]);
    file.value = "";
  });
  const clip = attach ? h("button", { type: "button", class: "quiet square", "aria-label": "Attach a file", title: "Attach a file (or drop it here)", on: { click: () => file.click() } }, glyph("clip")) : null;
  const extra = h("span", { hidden: true });
  const go = h("button", { type: "submit", class: "primary square", "aria-label": "Send", title: "Send (Enter)" }, glyph("send"));
  const node = h("form", { class: "composer", on: { submit: (event) => { event.preventDefault(); done(); } } }, hints, h("div", { class: "box" }, area, attach ? file : null, extra, clip, go));

  if (attach) {
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    node.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      node.classList.add("dropping");
    });
    node.addEventListener("dragleave", () => node.classList.remove("dropping"));
    node.addEventListener("drop", async (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      node.classList.remove("dropping");
      for (const dropped of event.dataTransfer.files) await attach(dropped);
    });
  }

  function grow() {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
  }
  function write(text) {
    area.value = text;
    area.setSelectionRange(text.length, text.length);
    grow();
  }
  async function done() {
    const text = area.value.trim();
    if (!text) return;
    hide();
    write("");
    if (past.at(-1) !== text) past.push(text);
    at = past.length;
    if ((await send(text)) === false && !area.value) write(text);
  }
  function suggest() {
    const text = area.value;
    const fits = text.startsWith("/") && !text.includes("\n") ? (commands() ?? COMMANDS).filter(([command]) => command.startsWith(text) && command.trim() !== text.trim()) : [];
    if (!fits.length) return hide();
    shown = fits.slice(0, 10);
    active = -1;
    hints.replaceChildren(...shown.map(([command, says], place) =>
      h("li", { id: `${list}-${place}`, role: "option", "aria-selected": "false", on: { mousedown: (event) => { event.preventDefault(); take(place); } } }, h("code", { text: command }), h("small", { text: says }))));
    hints.hidden = false;
    return undefined;
  }
  function take(place) {
    write(shown[place][0]);
    hide();
    suggest();
    area.focus();
  }
  function hide() {
    hints.hidden = true;
    active = -1;
    area.removeAttribute("aria-activedescendant");
  }
  function mark(next) {
    active = (next + shown.length) % shown.length;
    [...hints.children].forEach((row, place) => {
      row.classList.toggle("active", place === active);
      row.setAttribute("aria-selected", String(place === active));
    });
    area.setAttribute("aria-activedescendant", `${list}-${active}`);
    hints.children[active].scrollIntoView({ block: "nearest" });
  }
  function back(step) {
    const next = at + step;
    if (next < 0 || next > past.length) return;
    at = next;
    write(past[at] ?? "");
  }
  function onKey(event) {
    if (event.isComposing) return;
    const open = !hints.hidden;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open && active >= 0) take(active);
      else done();
    } else if (event.key === "Tab" && open && !event.shiftKey) {
      event.preventDefault();
      take(Math.max(0, active));
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      hide();
    } else if (event.key === "ArrowDown" && open) {
      event.preventDefault();
      mark(active + 1);
    } else if (event.key === "ArrowUp" && open && active >= 0) {
      event.preventDefault();
      mark(active - 1);
    } else if (event.key === "ArrowUp" && past.length && (area.value === "" || area.value === past[at])) {
      event.preventDefault();
      hide();
      back(-1);
    } else if (event.key === "ArrowDown" && at < past.length && area.value === past[at]) {
      event.preventDefault();
      back(1);
    }
  }
  function shortcuts(items) {
    extra.replaceChildren(menuButton({ name: "Shortcuts", items, icon: "bolt", look: "quiet square", above: true }));
    extra.hidden = !items.length;
  }
  return { node, area, shortcuts, focus: () => area.focus(), rename: (name, hint) => { area.setAttribute("aria-label", name); area.placeholder = hint; } };
}

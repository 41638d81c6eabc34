// The story of one change, told through the page by several people, each in a window of their own.
// usage: node story.mjs ADDRESS [PICTURE]
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, until, windowOf } from "./window.mjs";

// ---- what this story takes from the bot; adjust it here ---------------------------------------------------------

const WHO = { viewer: "Vera", operator: "Omar", approver: "Ana", other: "Alex" };
const WHERE = { ops: "sim-ops", approvals: "sim-approvals", alerts: "sim-alerts", sms: "sim-sms" };
const REASON = "the device was reported stolen";
const NEXT_REASON = "it is over its plan";
const HOSTILE = "<img src=x onerror=alert(1)> <javascript:alert(1)|look> <script>alert(1)</script>";
// The SIMs that the panel of the world offers.
const offered = (page) => page.locator("#world option").evaluateAll((all) => [...new Set(all.map((one) => one.value).filter((id) => /^\d{18,22}$/.test(id)))]);
const ACTIVE = /\bactive\b/i;
const ASKED = /approv/i;
const REFUSED = /have to be an approver|someone else/i;
const FOUR_EYES = /someone else/i;
const DONE = /suspended|done|confirmed/i;
const SHORTCUTS = { global: ["Find a SIM", "Change many SIMs"], message: ["SIMs in this message"] };
const LIST = Buffer.from("\ufeffKunde;ICCID\r\nMüller;8949212600000000001\r\nMeier;none of these\r\n");
const PUSH = { label: /hostile SMS/i, arrives: /SMS/i };

// -----------------------------------------------------------------------------------------------------------------

const [address, picture = fileURLToPath(new URL("../../docs/demo.png", import.meta.url))] = process.argv.slice(2);
if (!address) throw new Error("usage: node story.mjs ADDRESS [PICTURE]");
const browser = await launch();
const complaints = [];
const open = (name, channel, size) => windowOf(browser, address, name, channel, complaints, size);
const windows = [];
const active = [];
let omar, ana, vera, sim;

const STORY = {
  "the operator finds an active SIM": async () => {
    windows.push((omar = await open(WHO.operator, WHERE.ops)));
    for (const id of await offered(omar.page)) {
      await omar.say(`/sim show ${id}`);
      const card = await omar.sees(id, `There is no answer to /sim show ${id}`);
      if (ACTIVE.test(await card.innerText())) active.push(id);
      if (active.length === 2) break;
    }
    [sim] = active;
    assert.ok(sim, "None of the SIMs the world offers is active");
  },
  "asking to suspend it is answered to the operator alone": async () => {
    await omar.say(`/sim suspend ${sim} because ${REASON}`);
    const answer = await omar.sees(ASKED, "The operator is not told that approval was asked for");
    assert.match(await answer.innerText(), /Only visible to you/);
  },
  "a viewer in the same channel sees nothing of it": async () => {
    windows.push((vera = await open(WHO.viewer, WHERE.ops)));
    assert.equal(await vera.messages(REASON).count(), 0);
    assert.equal(await vera.page.locator("#scroller .ephemeral", { hasText: ASKED }).count(), 0);
  },
  "who asked cannot approve, and is told so": async () => {
    await omar.go(WHERE.approvals);
    const card = await omar.sees(REASON, "The card did not reach the approvals channel");
    await omar.press(card, "Approve");
    const told = () => omar.page.locator("#scroller .ephemeral, .toast").filter({ hasText: REFUSED }).count();
    await until(told, "The refusal was not said in words");
    assert.equal(await card.getByRole("button", { name: "Approve" }).count(), 1, "The card still waits for somebody else");
  },
  "an approver cannot approve what they asked for themselves": async () => {
    const alex = await open(WHO.other, WHERE.ops);
    windows.push(alex);
    await alex.say(`/sim suspend ${active.at(-1)} because ${NEXT_REASON}`);
    await alex.sees(ASKED);
    await alex.go(WHERE.approvals);
    await alex.press(await alex.sees(NEXT_REASON), "Approve");
    const told = () => alex.page.locator("#scroller .ephemeral, .toast").filter({ hasText: FOUR_EYES }).count();
    await until(told, "The refusal was not said in words");
  },
  "an approver approves, and the card changes in place": async () => {
    windows.push((ana = await open(WHO.approver, WHERE.approvals)));
    const card = await ana.sees(REASON);
    const ts = await card.getAttribute("data-ts");
    await ana.press(card, "Approve");
    const same = ana.page.locator(`#scroller .message[data-ts="${ts}"]`);
    await until(async () => !(await same.getByRole("button", { name: "Approve" }).count()), "The card still offers Approve");
    await until(async () => DONE.test(await same.innerText()), "The card does not say that it is done");
  },
  "the operator sees the same card change without doing anything": async () => {
    await until(async () => DONE.test(await omar.messages(REASON).last().innerText()), "The operator's card did not change");
  },
  "an SMS pressed in the world arrives in the channel for SMS": async () => {
    await ana.go(WHERE.sms);
    const before = await ana.messages(PUSH.arrives).count();
    await ana.world(PUSH.label);
    await until(async () => (await ana.messages(PUSH.arrives).count()) > before, "The SMS did not arrive");
  },
  "a notification pressed in the world arrives in the alerts channel, with what one may do": async () => {
    await ana.go(WHERE.alerts);
    await ana.world(/The device behind a SIM changed/);
    const card = await ana.sees(/device behind a SIM changed/i, "The notification did not arrive");
    for (const name of ["Acknowledge", "Resolve"]) await card.getByRole("button", { name }).first().waitFor();
  },
  "another channel's message is marked as unread, in words too": async () => {
    const mark = vera.page.locator(".spot.unread", { hasText: WHERE.sms });
    await until(() => mark.count(), "There is no unread mark");
    assert.match(await mark.innerText(), /unread/);
  },
  "the keyboard alone leads everywhere": async () => {
    const { page } = vera;
    const key = (name) => page.keyboard.press(name);
    await page.reload();
    await page.locator(".person").first().waitFor();
    await key("Tab");
    assert.equal((await vera.focused()).id, "skip", "The first Tab reaches the skip link");
    await key("Enter");
    assert.equal((await vera.focused()).tag, "textarea", "The skip link leads to the composer");
    await page.keyboard.type("/sim he");
    await key("Tab");
    assert.equal(await page.inputValue("#write textarea"), "/sim help");
    await key("Enter");
    await vera.sees(/sim find|\/sim/, "There is no answer to /sim help");
    await key("ArrowUp");
    assert.equal(await page.inputValue("#write textarea"), "/sim help", "Arrow up brings the last line back");
    await page.fill("#write textarea", "");
    await key("Control+k");
    await page.keyboard.type("alerts");
    await key("Enter");
    await page.locator("#place-name", { hasText: WHERE.alerts }).waitFor();
    assert.equal((await vera.focused()).tag, "textarea", "Jumping leads to the channel's composer");
    await page.locator('#scroller .message[tabindex="0"]').focus();
    await key("Home");
    assert.ok((await vera.focused()).message, "Arrows and Home move among messages");
    await key("Control+k");
    await key("Escape");
    await key("Escape");
    assert.equal(await page.locator("dialog[open]").count(), 0, "Escape closes the dialog");
  },
  "everything that can be operated has a name": async () => {
    for (const window of windows) {
      for (const channel of [WHERE.sms, WHERE.ops]) {
        await window.go(channel);
        assert.deepEqual(await window.nameless(), [], `${window.name} in ${channel}`);
      }
    }
  },
  "on a phone nothing is wider than the screen": async () => {
    const phone = await open(WHO.approver, WHERE.approvals, { width: 390, height: 780 });
    const wide = await phone.page.evaluate(() => [document.documentElement.scrollWidth, document.getElementById("scroller").scrollWidth]);
    assert.ok(wide.every((width) => width <= 390), `${wide} pixels`);
    await phone.page.close();
  },
  "text from a person stays text": async () => {
    await vera.say(HOSTILE);
    const message = await vera.sees("onerror");
    assert.equal(await message.locator("img, script, a").count(), 0);
    assert.match(await message.innerText(), /<img src=x/);
  },
  "the app's shortcuts are offered, and every message has its own": async () => {
    const { page } = vera;
    const offered = () => page.locator("[role=menuitem]:visible").allInnerTexts();
    await page.getByRole("button", { name: "Shortcuts" }).click();
    assert.deepEqual((await offered()).map((words) => words.split("\n")[0]), SHORTCUTS.global);
    await page.keyboard.press("Escape");
    assert.equal((await vera.focused()).label, "Shortcuts", "Escape leads back to the button");
    const message = await vera.sees("onerror");
    await message.hover();
    await message.getByRole("button", { name: /^More actions/ }).click();
    assert.deepEqual((await offered()).map((words) => words.split("\n")[0]), SHORTCUTS.message);
    await page.keyboard.press("Escape");
    const own = page.locator("#scroller .ephemeral").getByRole("button", { name: /^More actions for the message/ });
    assert.equal(await own.count(), 0, "What one person alone sees has no shortcuts");
  },
  "a list in a file goes through the form, which keeps the file when the change is chosen again": async () => {
    const { page } = omar;
    await omar.go(WHERE.ops);
    await omar.say("/sim bulk");
    const form = page.locator("dialog.modal[open]");
    const change = form.locator("select").first();
    await change.selectOption({ label: "Retire for good" });
    await form.locator("input[type=file]").setInputFiles({ name: "list.csv", mimeType: "text/csv", buffer: LIST });
    await change.selectOption({ label: "Activate" });
    await form.getByRole("button", { name: "Check the list" }).waitFor();
    await until(() => form.locator("input[type=file]").evaluate((input) => input.files[0]?.name === "list.csv"), "The file is not in the form any more");
    await form.getByRole("button", { name: "Check the list" }).click();
    await form.waitFor({ state: "detached" }).catch(() => until(async () => !(await form.count()), "The form did not close"));
    await omar.go("simops");
    const said = await omar.sees("lines accepted", "There is no report");
    assert.match(await said.innerText(), /none of these/);
    assert.ok(await omar.messages("report-1.csv").count(), "There is no file with the lines");
    await omar.press(said, "Ask for approval…");
    await page.locator("dialog.modal[open]", { hasText: "Exactly this list" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
  },
  "a list is asked for, approved by somebody else, and carried out by a job, the first few of it ahead": async () => {
    const { page } = omar;
    await omar.go(WHERE.ops);
    await omar.say("/sim bulk suspend");
    const form = page.locator("dialog.modal[open]");
    await form.getByLabel(/search/i).fill("account:nordwind-logistics status:active");
    await form.getByRole("button", { name: "Check the list" }).click();
    await until(async () => !(await form.count()), "The form did not close");
    await omar.go("simops");
    const said = await omar.sees("account:nordwind-logistics", "There is no report");
    await omar.press(said, "Ask for approval…");
    await form.getByRole("button", { name: "Ask", exact: true }).click();
    await until(async () => !(await form.count()), "The form for asking did not close");
    await ana.go(WHERE.approvals);
    const card = await ana.sees(/Suspend \d+ SIMs/, "There is no card for the list");
    await until(async () => (await ana.messages(/request-\d+\.csv/).count()) + (await card.innerText()).includes("repl"), "The list does not hang under the card");
    await ana.press(card, "Approve");
    const job = await ana.sees(/Job #\d+: suspend/, "There is no card of the job");
    await until(async () => /The first SIMs are through/.test(await ana.messages(/Job #\d+: suspend/).first().innerText()), "The first SIMs do not go ahead", { within: 60000 });
    await ana.press(ana.messages(/Job #\d+: suspend/).first(), "Continue");
    await until(async () => /\bEnded\b/.test(await ana.messages(/Job #\d+: suspend/).first().innerText()), "The job does not end", { within: 60000 });
    assert.ok(job);
    await until(async () => /\bEnded\b/.test(await card.innerText()), "The request does not end", { within: 20000 });
  },
  "a file that is dropped where one writes is asked about": async () => {
    const { page } = omar;
    await omar.go(WHERE.ops);
    const carried = await page.evaluateHandle((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
      return data;
    }, LIST.toString());
    for (const event of ["dragover", "drop"]) await page.locator("#write form").dispatchEvent(event, { dataTransfer: carried });
    await omar.sees("Is dropped.csv a list of SIMs?", "Nobody asks about the file");
  },
  "no console complained": async () => assert.deepEqual(complaints, []),
  "the picture for the README is taken": async () => {
    const { page } = ana;
    await ana.go(WHERE.approvals);
    await ana.sees(NEXT_REASON);
    await page.locator(".toast").evaluateAll((all) => all.forEach((toast) => toast.remove()));
    await page.mouse.move(640, 2);
    await page.evaluate(() => document.activeElement.blur());
    await page.evaluate(() => { const box = document.getElementById("scroller"); box.scrollTop = box.scrollHeight; });
    await page.waitForTimeout(300);
    await page.screenshot({ path: picture });
  },
};

let told = 0;
try {
  for (const [sentence, happens] of Object.entries(STORY)) {
    await happens().catch(async (error) => {
      const folder = mkdtempSync(join(tmpdir(), "simops-browser-"));
      for (const { page, name } of windows) await page.screenshot({ path: join(folder, `${name}.png`) }).catch(() => {});
      console.error(`not ok: ${sentence}\n  ${error.message}\n  what the windows showed: ${folder}\n  consoles: ${complaints.join("; ") || "quiet"}`);
      throw error;
    });
    told += 1;
    console.log(`ok: ${sentence}`);
  }
  console.log(`${told} parts of the story hold; the picture is ${picture}`);
} catch {
  process.exitCode = 1;
} finally {
  await browser.close();
}

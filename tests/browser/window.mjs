// A browser window that one person looks through, in words of the story.
import { chromium } from "playwright-core";

const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });

/** Asks until `look` gives something; the sentence says what did not happen. */
export async function until(look, sentence, { within = 15000 } = {}) {
  const end = Date.now() + within;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(sentence);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Opens a window of its own as the person of this name, in this channel. Console errors are kept in `complaints`. */
export async function windowOf(browser, address, name, channel, complaints, size = { width: 1280, height: 800 }) {
  const context = await browser.newContext({ viewport: size, colorScheme: "light", reducedMotion: "reduce", locale: "en-GB" });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  page.on("console", (message) => message.type() === "error" && complaints.push(`${name}: ${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  await page.goto(address);
  const who = page.locator(".person", { has: page.locator(".name", { hasText: new RegExp(`^${name}\\b`) }) }).first();
  await who.waitFor({ state: "attached" });
  if (!(await who.isVisible())) await page.click("#show-side");
  await who.click();
  await page.locator('.person[aria-pressed="true"]', { hasText: name }).waitFor({ state: "attached" });
  const window = new Window(page, name);
  await window.go(channel);
  return window;
}

class Window {
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  /** Goes to a channel, or says that this person has none of that name. */
  async go(channel) {
    const spot = this.page.locator(".spot", { has: this.page.locator(".name", { hasText: new RegExp(`^${channel}$`) }) });
    if (!(await spot.isVisible())) await this.page.click("#show-side");
    await spot.click();
    await this.page.locator("#place-name", { hasText: channel }).waitFor();
  }

  /** Types into the composer and sends. */
  async say(text) {
    await this.page.fill("#write textarea", text);
    await this.page.keyboard.press("Enter");
  }

  messages(text) {
    return this.page.locator("#scroller .message", { hasText: text });
  }

  /** The last message that says this, as soon as it is there. */
  async sees(text, sentence) {
    await until(async () => (await this.messages(text).count()) > 0, sentence ?? `${this.name} does not see ${text}`);
    return this.messages(text).last();
  }

  /** Presses a button on a message, and says yes if it asks back. */
  async press(message, label) {
    await message.getByRole("button", { name: label }).last().click();
    const yes = this.page.locator("dialog.confirm [data-confirm=yes]");
    if (await yes.isVisible({ timeout: 300 }).catch(() => false)) await yes.click();
  }

  /** Presses a control of the world; one with empty fields shows them first and is pressed again. */
  async world(label) {
    const control = this.page.locator("[data-control]", { hasText: label }).first();
    const said = this.page.locator(".toast");
    const before = await said.count();
    await control.click();
    const answered = () => until(async () => (await said.count()) > before, "", { within: 2500 }).then(() => true, () => false);
    if (!(await answered())) await control.click();
    await until(async () => (await said.count()) > before, `The world says nothing about ${label}`);
    return said.last().innerText();
  }

  focused() {
    return this.page.evaluate(() => {
      const at = document.activeElement;
      return { tag: at.tagName.toLowerCase(), id: at.id, label: at.getAttribute("aria-label") ?? at.textContent.trim(), message: at.classList.contains("message") };
    });
  }

  /** What can be operated and has no name for a screen reader. */
  async nameless() {
    const client = await this.page.context().newCDPSession(this.page);
    const { nodes } = await client.send("Accessibility.getFullAXTree");
    const roles = new Set(["button", "link", "textbox", "combobox", "checkbox", "radio", "switch", "menuitem", "dialog", "searchbox", "img", "image", "spinbutton"]);
    return nodes.filter((node) => !node.ignored && roles.has(node.role?.value) && !node.name?.value).map((node) => `${node.role.value} ${node.backendDOMNodeId}`);
  }
}

// The question before something that matters: an element's `confirm` as a dialog of its own.
import { fresh, h } from "./dom.js";
import { plainText } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";

/** True when the person says yes; Escape and the second button mean no. */
export function confirmed(question, ctx) {
  const [title, words] = [fresh("title"), fresh("words")];
  const body = question.text?.type === "mrkdwn" ? mrkdwn(question.text.text, ctx) : plainText(question.text);
  const yes = h("button", { type: "button", class: question.style === "danger" ? "danger solid" : "primary", data: { confirm: "yes" } }, plainText(question.confirm ?? "Yes"));
  const no = h("button", { type: "button", data: { confirm: "no" } }, plainText(question.deny ?? "Cancel"));
  const box = h("dialog", { class: "confirm", "aria-labelledby": title, "aria-describedby": words }, h("h2", { id: title }, plainText(question.title ?? "Are you sure?")), h("div", { id: words, class: "text" }, body), h("div", { class: "foot" }, no, yes));
  const before = document.activeElement;
  document.body.append(box);
  box.showModal();
  (question.style === "danger" ? no : yes).focus();
  return new Promise((resolve) => {
    const answer = (value) => {
      box.close();
      box.remove();
      before?.focus?.();
      resolve(value);
    };
    yes.addEventListener("click", () => answer(true));
    no.addEventListener("click", () => answer(false));
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(false);
    });
  });
}

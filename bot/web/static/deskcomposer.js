// The desk's composer: a reply and a note look so different that nobody mistakes one for the other.
import { $, el, fillIcon } from "./dom.js";
import { Composer } from "./composer.js";
import { boot, known, t } from "./texts.js";

export class DeskComposer {
  /** desk: {thread(), send(frame, extra)} */
  constructor(key, desk) {
    this.desk = desk;
    this.key = key;
    this.mode = "say";
    this.threadId = "";
    this.shown = "";
    this.field = new Composer({ upload: "/desk/upload", onSend: (text, file) => this._send(text, file), onInput: (text) => this._keep(text) });
    for (const button of document.querySelectorAll("#modes [data-mode]")) button.addEventListener("click", () => this.choose(button.dataset.mode, true));
    $("modes").addEventListener("keydown", (event) => this._arrows(event));
  }

  /** Before another thread is opened. */
  leave() {
    this.field.clearFile();
    this.threadId = "";
  }

  /** After a thread was opened. */
  enter() {
    const thread = this.desk.thread();
    this.shown = "";
    this.threadId = thread ? thread.id : "";
    this.choose(!thread || !isTicket(thread) ? "say" : mayReply(thread) ? "reply" : "note");
  }

  focus() {
    if (matchMedia("(pointer: fine)").matches || matchMedia("(min-width: 800px)").matches) this.field.words.focus({ preventScroll: true });
  }

  edit(frame) {
    this.choose(frame.mode);
    this.field.text = frame.text;
    this._keep(frame.text);
    this.field.words.focus();
  }

  choose(mode, byHand = false) {
    this.mode = mode;
    this.shown = "";
    this.field.text = this._draft(mode);
    this.show();
    if (byHand) this.field.words.focus();
  }

  show() {
    const thread = this.desk.thread();
    if (!thread) return;
    if (thread.id !== this.threadId) return this.enter();
    if (isTicket(thread) && this.mode === "reply" && !mayReply(thread)) return this.choose("note");
    if (isTicket(thread) && this.mode === "note" && mayReply(thread) && this.couldNot && !this.field.text) return this.choose("reply");
    this.couldNot = isTicket(thread) && !mayReply(thread);
    const stamp = [thread.id, thread.title, thread.assignee, thread.group, this.mode, mayReply(thread), document.documentElement.lang].join("|");
    if (stamp !== this.shown) this._draw(thread);
    this.shown = stamp;
    this._kept();
  }

  _draw(thread) {
    const name = thread.card?.named === false ? thread.title : shortName(thread.title || t("who.customer"));
    const ticket = isTicket(thread);
    $("composer").hidden = thread.group === "campaigns"; // what is to be said of it, its buttons say
    $("composer").dataset.mode = this.mode;
    $("modes").hidden = !ticket;
    $("mode-reply").querySelector("span:last-child").textContent = t("mode.reply", { name });
    $("mode-reply").disabled = !mayReply(thread);
    for (const button of document.querySelectorAll("#modes [data-mode]")) {
      button.setAttribute("aria-checked", String(button.dataset.mode === this.mode));
      button.tabIndex = button.dataset.mode === this.mode ? 0 : -1;
    }
    $("why").hidden = !ticket || mayReply(thread);
    $("why").textContent = thread.group === "done" ? t("mode.done") : thread.group === "queue" ? t("mode.claim_first") : t("mode.with_colleague", { name: thread.assignee });
    this._words(thread, name);
    this.field.fit();
    this._chips(thread);
  }

  _words(thread, name) {
    const note = this.mode === "note";
    const reply = this.mode === "reply";
    const label = note ? t("mode.save") : reply ? t("mode.send", { name }) : t("send");
    const placeholder = note ? t("mode.note_placeholder") : reply ? t("mode.reply_placeholder", { name }) : t("mode.home_placeholder");
    this.field.words.placeholder = placeholder;
    $("words-label").textContent = note ? t("mode.note") : reply ? t("mode.reply", { name }) : placeholder;
    $("send-words").textContent = label;
    $("send-icon").hidden = reply;
    fillIcon($("send-icon"), note ? "lock" : "arrow");
    $("hint").textContent = note ? t("mode.only_colleagues") : "";
  }

  _chips(thread) {
    const commands = thread.group === "home" ? boot.me.commands : [];
    $("chips").hidden = !commands.length;
    $("chips").replaceChildren(...commands.map((command) => this._chip(command)));
  }

  _chip(command) {
    const key = `command.${command.slice(1)}`;
    const use = () => {
      this.field.text = `${command} `;
      this.field.words.focus();
    };
    return el("button", { type: "button", onclick: use }, el("code", {}, command), known(key) ? t(key) : "");
  }

  _send(text, file) {
    const about = file ? { file: { kind: file.kind, file_name: file.file_name, size: file.size } } : {};
    // A command is for the bot wherever it is typed: it must not reach a customer.
    const mode = /^\/[a-z_]{2,}(\s|$)/.test(text) ? "say" : this.mode;
    this.desk.send({ type: "say", mode, text, ...(file ? { attachment: file.ref } : {}) }, about);
  }

  // drafts, one per thread and mode

  _place(mode) {
    return `frontdesk.draft.${this.key}.${this.threadId}.${mode}`;
  }
  _draft(mode) {
    try {
      return localStorage.getItem(this._place(mode)) || "";
    } catch (_) {
      return "";
    }
  }
  _keep(text) {
    try {
      if (text) localStorage.setItem(this._place(this.mode), text);
      else localStorage.removeItem(this._place(this.mode));
    } catch (_) {
      // Without storage a draft lives as long as the page.
    }
    this._kept();
  }
  _kept() {
    const other = this.mode === "note" ? "reply" : "note";
    const key = this.mode !== "say" && this._draft(other) ? `mode.${other}_draft_kept` : this.field.text ? "mode.draft_kept" : "";
    $("kept").hidden = !key;
    if (key) $("kept").textContent = t(key);
  }

  _arrows(event) {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const next = this.mode === "reply" ? "note" : "reply";
    if ($(`mode-${next}`).disabled) return;
    this.choose(next);
    $(`mode-${next}`).focus();
  }
}

const isTicket = (thread) => thread.id.startsWith("ticket:");
const mayReply = (thread) => !isTicket(thread) || thread.actions.includes("reply");
const shortName = (name) => name.split(/\s/)[0];

// Draws a talk: bubbles, notes, events, buttons and what has not arrived yet.
import { arrange, bell, el, icon, initials } from "./dom.js";
import { clockTime, currentLanguage, dayKey, dayName, known, percent, size, t } from "./texts.js";

const TOGETHER = 3 * 60_000; // messages of one speaker within this share a head
const ALONE = new Set(["plain", "person"]);
const PRESS_ICONS = { yes: "up", no: "down", person: "person" };
const STATE_ICONS = { sent: "check", queued: "clock", in_flight: "clock", in_doubt: "info", failed: "warn" };

/** The messages of one thread, by id; a later rev replaces an earlier one. */
export class Talk {
  constructor() {
    this.messages = new Map();
    this.cursor = 0;
    this.loaded = false;
  }
  take(frame) {
    const fresh = [];
    for (const message of frame.messages) {
      const before = this.messages.get(message.id);
      if (!before) fresh.push(message);
      if (before && message.sure === null) message.sure = before.sure; // it came with the question, which did not change
      if (!before || before.rev <= message.rev) this.messages.set(message.id, message);
    }
    this.cursor = Math.max(this.cursor, frame.cursor);
    this.loaded = true;
    return fresh;
  }
  get newest() {
    let last = "";
    for (const message of this.messages.values()) if (message.order > last) last = message.order;
    return last;
  }
  get sorted() {
    return [...this.messages.values()].sort((a, b) => (a.order < b.order ? -1 : 1));
  }
  has(entry) {
    const id = entry.frame.client_id;
    for (const message of this.messages.values()) if (message.client_id === id) return true;
    return false;
  }
}

/** page: {desk, home, customer, channel, busy, empty, onPress(data, message), onRemove(entry), onEdit(entry)} */
export class TalkView {
  constructor(log, page) {
    this.log = log;
    this.page = page;
    this.pinned = true; // the newest message stays in sight until somebody scrolls up
    this.lastTop = 0;
    log.addEventListener("scroll", () => this._scrolled(), { passive: true });
    log.addEventListener("load", () => this._stay(), { capture: true }); // pictures take their height late
    new ResizeObserver(() => this._stay()).observe(log);
  }

  _scrolled() {
    const left = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight;
    if (left < 60) this.pinned = true;
    else if (this.log.scrollTop < this.lastTop) this.pinned = false;
    this.lastTop = this.log.scrollTop;
  }

  _stay() {
    if (this.pinned) this.toEnd();
  }

  /** extra: messages of the own talk that are about this thread, seen by nobody else */
  show(talk, pending, connected, extra = []) {
    const items = [];
    let previous = null;
    const asides = new Set(extra);
    const received = pending.filter((entry) => entry.state === "acked");
    for (const message of [...talk.sorted, ...extra].sort((a, b) => (a.order < b.order ? -1 : 1))) {
      if (!previous || dayKey(previous.at) !== dayKey(message.at)) items.push(this._day(message));
      while (received.length && received[0].after < message.order) {
        items.push(this._pendingItem(received.shift(), connected));
        previous &&= { ...previous, author: "" }; // whoever speaks next is named anew
      }
      items.push(asides.has(message) ? this._asideItem(message) : this._item(message, previous));
      previous = message;
    }
    const rest = pending.filter((entry) => entry.state !== "acked" || received.includes(entry));
    for (const entry of rest) items.push(this._pendingItem(entry, connected));
    arrange(this.log, items.length || !this.page.empty ? items : [this.page.empty()]);
    this._stay();
  }

  toEnd() {
    this.pinned = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.lastTop = this.log.scrollTop;
  }

  _day(message) {
    const words = dayName(message.at);
    return { key: `day:${dayKey(message.at)}`, stamp: words, draw: () => el("div.day", {}, el("span", {}, words)) };
  }

  _item(message, previous) {
    const follows = Boolean(previous) && !previous.buttons.length && head(previous) === head(message) && new Date(message.at) - new Date(previous.at) < TOGETHER && dayKey(previous.at) === dayKey(message.at);
    const stamp = [message.rev, follows, currentLanguage(), this.page.busy?.has(message.id)].join();
    return { key: message.id, stamp, draw: () => this._draw(message, follows) };
  }

  _asideItem(message) {
    const stamp = [message.rev, currentLanguage(), this.page.busy?.has(message.id)].join();
    const draw = () => el("div.aside", {}, el("div.who", {}, bell(), t("desk.only_you")), el("div.said", {}, ...paragraphs(message.text, message.titled)), this._presses(message, true));
    return { key: message.id, stamp, draw };
  }

  _draw(message, follows) {
    if (message.author === "system") return el("div.event", {}, `${eventWords(message)} · ${clockTime(message.at)}`);
    if (message.kind === "press") return el("div.event", {}, `${t("event.press", { label: message.text })} · ${clockTime(message.at)}`);
    if (message.author === "note") return this._note(message);
    const right = this.page.desk ? message.author !== "customer" && !(this.page.home && message.author === "bot") : message.author === "you";
    const node = el("div.msg", { "data-side": right ? "right" : "left", "data-who": message.author, "data-follows": follows });
    if (this.page.desk || !right) node.append(this._avatar(message));
    const body = el("div.body", {}, follows ? null : this._who(message), this._bubble(message), this._under(message, right), this._presses(message));
    node.append(body);
    return node;
  }

  _avatar(message) {
    if (message.author === "bot") return el("span.avatar", { "aria-hidden": "true" }, bell());
    const mine = message.author === "agent" || message.author === "you";
    return el(`span.avatar.round${mine ? ".mine" : ""}`, { "aria-hidden": "true" }, initials(message.name || (mine ? t("who.you") : t("who.customer"))));
  }

  _who(message) {
    if (message.author === "you" && !this.page.desk) return el("span.hidden", {}, t("who.you"));
    const [name, note] = this._names(message);
    return el("div.who", {}, el("b", {}, name), note);
  }

  _names(message) {
    const time = clockTime(message.at);
    if (message.author === "bot") {
      if (!this.page.desk || this.page.home) return [t("who.bot"), message.kind === "campaign" ? `${t("who.campaign")} · ${time}` : `${t("who.bot_note")} · ${time}`];
      const facts = [message.kind === "campaign" ? t("who.campaign_desk") : "", message.source ? t("message.article", { title: message.source }) : "", message.sure === null ? "" : t("message.sure", { percent: percent(message.sure) })];
      return [t("who.desk_bot"), facts.filter(Boolean).join(" · ")];
    }
    if (message.author === "agent") return [message.name, this.page.desk ? "" : t("who.agent_note")];
    return [message.name || (message.author === "you" ? t("who.you") : t("who.customer")), ""];
  }

  _bubble(message) {
    const style = this._style(message);
    const bubble = el(`div.bubble${style}`, {});
    if (message.attachment) bubble.append(attachment(message.attachment));
    bubble.append(...paragraphs(this._text(message), message.titled));
    if (message.source && !this.page.desk) bubble.append(el("div.source", {}, icon("book"), t("message.source", { title: message.source })));
    return bubble;
  }

  _text(message) {
    const spoken = message.author === "customer" || (message.author === "you" && !this.page.desk);
    return spoken ? commandLabel(message.text) : message.text;
  }

  _style(message) {
    if (message.state === "in_doubt") return ".doubt";
    if (message.state === "failed") return ".broken";
    if (message.author === "you") return ".filled";
    if (message.author === "agent") return this.page.desk ? ".filled" : ".tinted";
    return this.page.desk && !this.page.home && message.author === "bot" ? ".outlined" : "";
  }

  _under(message, right) {
    const state = this.page.desk ? message.state : message.author === "you" ? "received" : null;
    if (!this.page.desk && !right) return message.author === "agent" ? el("div.under", {}, clockTime(message.at)) : null;
    if (this.page.home) return message.author === "you" ? el("div.under", {}, clockTime(message.at)) : null;
    const words = state && known(`state.${state}`) ? ` · ${t(`state.${state}`)}` : "";
    const where = this.page.desk && !right && message.author === "customer" && this.page.channel ? ` · ${this.page.channel}` : "";
    const tone = state === "in_doubt" ? ".warn" : state === "failed" ? ".bad" : "";
    const sign = state ? STATE_ICONS[state] || "check" : null;
    const unsure = message.author === "agent" && (state === "in_doubt" || state === "failed");
    const again = unsure && this.page.onResend && el("button", { type: "button", onclick: () => this.page.onResend(message) }, t("state.again"));
    const teach = message.asked && this.page.onAct && ["why", "learn"].map((action) => el("button", { type: "button", "data-action": action, onclick: () => this.page.onAct(action, message) }, t(`action.${action}`)));
    return el(`div.under${tone}`, {}, `${clockTime(message.at)}${words}${where}`, sign && icon(sign), again, teach);
  }

  _presses(message, own = false) {
    if (!message.buttons.length || (this.page.desk && !own && !this.page.home)) return null;
    const busy = this.page.busy?.has(message.id);
    const rows = el("div.presses", {});
    for (const row of message.buttons) {
      const line = el(row.every((button) => ALONE.has(button.style)) ? "div.alone" : "div", {});
      if (message.prompt && rows.children.length === 0) line.append(el("span.helped", {}, message.prompt));
      for (const button of row) {
        const place = Number(button.data.split(".").pop());
        const chosen = message.pressed === place;
        if (message.pressed !== null && message.pressed !== undefined && !chosen && !button.url) continue;
        line.append(this._press(message, button, chosen, busy));
      }
      if (line.querySelector(".press")) rows.append(line);
    }
    return rows;
  }

  _press(message, button, chosen, busy) {
    if (button.url) return el("a.press.quiet", { href: button.url, rel: "noopener noreferrer nofollow", target: "_blank" }, icon("globe"), button.label);
    const style = { yes: "quiet", no: "quiet", person: "plain" }[button.style] ?? button.style;
    const sign = chosen ? "check" : PRESS_ICONS[button.style];
    return el(
      `button.press${style ? `.${style}` : ""}`,
      { type: "button", "aria-pressed": String(chosen), disabled: chosen || busy, onclick: () => this.page.onPress(button.data, message) },
      sign && icon(sign),
      button.label,
    );
  }

  _note(message) {
    const about = t("message.note_by", { name: message.name, time: clockTime(message.at), customer: this.page.customer || t("who.customer") });
    return el("div.strip", {}, el("div.who", {}, icon("lock"), el("b", {}, t("message.note")), about), message.attachment && attachment(message.attachment), ...paragraphs(message.text, false));
  }

  // what has not arrived yet

  _pendingItem(entry, connected) {
    const stamp = [entry.state, entry.key, connected, currentLanguage()].join();
    return { key: `waiting:${entry.frame.client_id}`, stamp, draw: () => this._pending(entry, connected) };
  }

  _pending(entry, connected) {
    const waits = entry.state === "waiting" && !connected;
    const refused = entry.state === "refused";
    const style = refused ? ".broken" : waits ? ".waiting" : ".filled";
    const parts = [entry.file && attachment({ ...entry.file, url: null }), ...paragraphs(this.page.desk ? entry.frame.text : commandLabel(entry.frame.text), false)];
    if (entry.frame.mode === "note" && !refused) {
      const state = t(entry.state === "acked" ? "state.received" : waits ? "state.waiting" : "state.sending");
      return el("div.strip", {}, el("div.who", {}, icon("lock"), el("b", {}, t("message.note")), state), ...parts);
    }
    const body = el("div.body", {}, el(`div.bubble${style}`, {}, ...parts), this._pendingUnder(entry, waits, refused));
    return el("div.msg", { "data-side": "right", "data-who": "you", "data-pending": entry.state }, body);
  }

  _pendingUnder(entry, waits, refused) {
    if (refused) {
      return el(
        "div.under.bad",
        {},
        icon("warn"),
        refusal(entry.key),
        el("button", { type: "button", onclick: () => this.page.onEdit(entry) }, t("state.edit")),
        el("button", { type: "button", onclick: () => this.page.onRemove(entry) }, t("state.remove")),
      );
    }
    const words = entry.state === "acked" ? `${clockTime(entry.at)} · ${t("state.received")}` : t(waits ? "state.waiting" : "state.sending");
    return el("div.under", {}, words, icon(entry.state === "acked" ? "check" : "clock"));
  }
}

export function eventWords(message) {
  const key = `event.${message.event}`;
  return message.event && known(key) ? t(key, { name: message.text }) : message.text;
}

export function refusal(key, values = {}) {
  return t(known(`refused.${key}`) ? `refused.${key}` : "refused.not_here", { longest: "20,000", ...values });
}

const head = (message) => [message.author, message.name, message.kind === "campaign", message.author === "system" || message.author === "note" ? message.id : ""].join("|");

/** A customer's command, which mostly was a pressed button, reads as what it asks for. */
export function commandLabel(text) {
  const found = /^\/([a-z_]+)(?: [a-z]{2})?$/.exec(text);
  return found && known(`command.${found[1]}`) ? t(`command.${found[1]}`) : text;
}

/** Words become text nodes and links, never markup. */
export function paragraphs(text, titled) {
  if (!text) return [];
  const [first, ...rest] = titled ? text.split("\n") : [null, text];
  const blocks = rest.join("\n").split(/\n{2,}/).filter((block) => block.trim());
  return [first !== null ? el("p.title", {}, first) : null, ...blocks.map((block) => el("p", {}, ...linked(block.replace(/^\n+|\s+$/g, ""))))].filter(Boolean);
}

function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"'，。；）)]+)/).map((part, index) => (index % 2 ? el("a", { href: part, rel: "noopener noreferrer nofollow", target: "_blank" }, part) : part));
}

export function attachment(about) {
  const photo = about.kind === "photo";
  if (photo && about.url) {
    return el("a.attached", { href: about.url, target: "_blank", rel: "noopener", "aria-label": t("message.photo", { name: about.file_name }) }, el("img", { src: about.url, alt: about.file_name, loading: "lazy" }));
  }
  const what = el("span.what", {}, el("span", {}, about.file_name), el("span.size", {}, size(about.size || 0)));
  const inner = [el("span.tile", {}, icon(photo ? "image" : "file")), what];
  return about.url ? el("a.attached", { href: about.url, "aria-label": t("message.file", { name: about.file_name }) }, ...inner) : el("span.attached", {}, ...inner);
}

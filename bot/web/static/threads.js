// The desk's list: groups, tabs, search, and moving in it by arrow keys.
import { $, arrange, bell, el, icon } from "./dom.js";
import { commandLabel } from "./talk.js";
import { clockTime, currentLanguage, dayKey, duration, known, shortDate, t } from "./texts.js";

const GROUPS = ["queue", "mine", "others", "bot", "done"];
const TABS = ["threads", "queue", "mine", "others"];
const NEAR = 5 * 60_000; // a promise this close is shown in the colour of warning

/** What a thread's time limit says, in words, sign and tone. */
export function turn(thread, now = Date.now()) {
  const left = thread.due ? new Date(thread.due) - now : null;
  if (thread.overdue || (left !== null && left < 0)) {
    const words = left !== null ? t("due.over", { time: duration(-left) }) : t("due.overdue");
    return { tone: "bad", sign: "warn", words };
  }
  if (left !== null) return { tone: left < NEAR ? "warn" : "", sign: "clock", words: t("due.in", { time: duration(left) }) };
  if (thread.group === "campaigns") return { tone: "", sign: "horn", words: stateWords(thread) };
  if (thread.group === "done") return { tone: "", sign: "check", words: stateWords(thread) };
  if (thread.waits) return { tone: "", sign: "clock", words: t("turn.ours") };
  if (thread.group === "bot") return { tone: "", sign: "bell", words: t("desk.group.bot") };
  return { tone: "", sign: "pause", words: t("turn.theirs") };
}

export function stateWords(thread) {
  const key = `${thread.group === "campaigns" ? "campaign" : "ticket"}.state.${thread.state}`;
  return known(key) ? t(key) : thread.state;
}

export function turnNode(thread) {
  const { tone, sign, words } = turn(thread);
  return el(`span.turn${tone ? `.${tone}` : ""}`, {}, icon(sign), el("span", {}, words));
}

export function channelWords(thread) {
  const base = (thread.channel || "").split(":")[0];
  return known(`channel.${base}`) ? t(`channel.${base}`) : base;
}

function previewWords(thread) {
  if (thread.group !== "campaigns") return commandLabel(thread.preview);
  return thread.preview === "all" ? t("card.audience.all") : thread.preview;
}

function when(thread, now) {
  if (!thread.since) return "";
  if (thread.waits) return t("waits", { time: duration(now - new Date(thread.since)) });
  const today = dayKey(thread.since) === new Date().toDateString();
  return t("since", { time: today ? clockTime(thread.since) : shortDate(thread.since) });
}

export class ThreadList {
  /** onOpen(thread id) */
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.node = $("threads");
    this.threads = [];
    this.loaded = false;
    this.place = "inbox";
    this.tab = matchMedia("(max-width: 799px)").matches ? "queue" : "threads";
    this.chosen = "";
    this.customers = null; // {words, found, onOpen}: who was looked up for the words in the search field
    this.node.addEventListener("keydown", (event) => this._arrows(event));
    $("search").addEventListener("input", () => this.show());
    $("tabs").addEventListener("keydown", (event) => this._tabArrows(event));
    document.addEventListener("keydown", (event) => this._slash(event));
  }

  find(id) {
    return this.threads.find((thread) => thread.id === id) || null;
  }
  inGroup(group) {
    return this.threads.filter((thread) => thread.group === group);
  }

  show() {
    const words = $("search").value.trim().toLowerCase();
    $("list-title").textContent = t(this.place === "campaigns" ? "desk.campaigns" : "desk.inbox");
    $("tabs").hidden = this.place !== "inbox";
    this._tabs();
    const groups = this.place === "campaigns" ? ["campaigns"] : this.tab === "threads" ? GROUPS : [this.tab];
    const items = this.loaded ? this._items(groups, words) : [{ key: "loading", stamp: "", draw: skeleton }];
    arrange(this.node, items);
    const first = this.node.querySelector('.thread[aria-current="true"]') || this.node.querySelector(".thread");
    for (const row of this.node.querySelectorAll(".thread")) row.tabIndex = row === first || row === document.activeElement ? 0 : -1;
  }

  showCustomers(words, found, onOpen) {
    this.customers = { words: words.toLowerCase(), found, onOpen };
    this.show();
  }

  /** Customers who were looked up stand above the threads, until the words change. */
  _customers(words) {
    if (!words || this.customers?.words !== words) return [];
    const { found, onOpen } = this.customers;
    const title = found.length ? t("record.found") : t("record.found_none", { words });
    const head = { key: "customers", stamp: title, draw: () => el("h2.group", {}, title, el("span", {}, String(found.length))) };
    const rows = found.map((one) => ({
      key: `customer:${one.number}`,
      stamp: JSON.stringify(one),
      draw: () =>
        el(
          "button.thread",
          { type: "button", "data-customer": one.number, onclick: () => onOpen(one) },
          el("span.title", {}, icon("person"), el("span", {}, one.name)),
          el("span.pair", {}, el("span", {}, one.about), el("span", {}, `#${one.number}`)),
        ),
    }));
    return [head, ...rows];
  }

  _items(groups, words) {
    const items = this._customers(words);
    if (this.place === "inbox" && this.tab === "threads" && !words) items.push(this._home());
    for (const group of groups) {
      const found = this.inGroup(group).filter((thread) => !words || this._matches(thread, words));
      if (!found.length) continue;
      const title = t(`desk.group.${group}`);
      items.push({ key: `group:${group}`, stamp: `${title}${found.length}`, draw: () => el("h2.group", {}, title, el("span", {}, String(found.length))) });
      for (const thread of found) items.push(this._row(thread));
    }
    if (!items.some((item) => item.key !== "home" && item.key !== "customers")) items.push(this._nothing(words));
    return items;
  }

  _matches(thread, words) {
    return [thread.title, thread.subject, thread.preview, `#${thread.number ?? ""}`].join(" ").toLowerCase().includes(words);
  }

  _home() {
    const stamp = [this.chosen === "home", currentLanguage()].join();
    const draw = () =>
      el(
        "button.thread",
        { type: "button", "aria-current": String(this.chosen === "home"), onclick: () => this.onOpen("home"), "data-thread": "home" },
        el("span.title", {}, icon("bell"), el("span", {}, t("desk.home"))),
        el("span.preview", {}, t("desk.home_more")),
      );
    return { key: "home", stamp, draw };
  }

  _row(thread) {
    const now = Date.now();
    const time = when(thread, now);
    const chosen = thread.id === this.chosen;
    const { words } = turn(thread, now);
    const stamp = JSON.stringify([thread.title, thread.preview, thread.number, thread.unread, thread.state, thread.channel, time, words, chosen, currentLanguage()]);
    return { key: thread.id, stamp, draw: () => this._draw(thread, time, chosen) };
  }

  _draw(thread, time, chosen) {
    const where = [thread.number === null ? "" : `#${thread.number}`, channelWords(thread)].filter(Boolean).join(" · ");
    return el(
      "button.thread",
      { type: "button", "aria-current": String(chosen), onclick: () => this.onOpen(thread.id), "data-thread": thread.id },
      el("span.pair", {}, el("span.title", {}, thread.unread ? el("span.dot", {}) : null, el("span", {}, thread.title || t("who.customer"))), el("span", {}, time)),
      el("span.preview", {}, previewWords(thread) || "\u00a0"),
      el("span.pair", {}, turnNode(thread), el("span", {}, where)),
    );
  }

  _nothing(words) {
    const [title, more] = words
      ? [t("desk.none_found", { words }), t("desk.none_found_more")]
      : this.place === "campaigns"
        ? [t("desk.no_campaigns"), t("desk.no_campaigns_more")]
        : [t("desk.empty"), t("desk.empty_more")];
    return { key: "nothing", stamp: title, draw: () => el("div.calm", {}, bell(), el("h3", {}, title), el("p", {}, more)) };
  }

  _tabs() {
    const items = TABS.map((tab) => {
      const number = tab === "threads" ? this.threads.filter((thread) => GROUPS.includes(thread.group)).length : this.inGroup(tab).length;
      const chosen = tab === this.tab;
      const words = t(`desk.tab.${tab}`);
      const draw = () => el("button", { type: "button", role: "tab", "aria-selected": String(chosen), tabindex: chosen ? 0 : -1, "aria-controls": "threads", onclick: () => this._choose(tab) }, words, " ", el("b", {}, String(number)));
      return { key: tab, stamp: [words, number, chosen].join(), draw };
    });
    arrange($("tabs"), items);
  }

  _choose(tab) {
    this.tab = tab;
    this.show();
    $("tabs").querySelector('[aria-selected="true"]').focus();
  }

  // keys

  _tabArrows(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this._choose(TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length]);
  }

  _arrows(event) {
    const rows = [...this.node.querySelectorAll(".thread")];
    const here = rows.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next === undefined || !rows[next]) return;
    event.preventDefault();
    for (const row of rows) row.tabIndex = row === rows[next] ? 0 : -1;
    rows[next].focus();
  }

  _slash(event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName)) return;
    event.preventDefault();
    $("search").focus();
  }
}

function skeleton() {
  return el("div.skeleton", { "aria-hidden": "true" }, ...[0, 1, 2].flatMap(() => [el("span", {}), el("span", {})]));
}

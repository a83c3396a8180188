// The staff's page: the list, the open thread, and what may be done in it.
import { $, bell, el, fillIcon, icon, initials, Sheet } from "./dom.js";
import { Banner } from "./banner.js";
import { actionIcon, drawCard, drawCustomer } from "./card.js";
import { DeskComposer } from "./deskcomposer.js";
import { Line, Outbox } from "./line.js";
import { startLook } from "./look.js";
import { findCustomers } from "./record.js";
import { Talk, TalkView } from "./talk.js";
import { boot, currentLanguage, known, onLanguage, t } from "./texts.js";
import { channelWords, stateWords, ThreadList, turn, turnNode } from "./threads.js";

const TOAST = 7_000;

const outbox = new Outbox(boot.key);
const talks = new Map();
const banner = new Banner($("banner"));
const busy = new Set();
let openId = "";
let customer = null; // {number, name} of a record that was looked up, shown instead of the thread's
let state = "connecting";
let toastTimer = 0;

const talkOf = (id) => talks.get(id) || talks.set(id, new Talk()).get(id);
const list = new ThreadList(open);
const page = {
  desk: true,
  busy,
  onPress: (data, message) => {
    busy.add(message.id);
    line.post({ type: "press", thread: openId, data }, { press: message.id });
    show();
    composer.focus();
  },
  onResend: (message) => {
    line.post({ type: "say", mode: "say", thread: openId, text: `/resend ${message.id}` }, { action: "resend" });
  },
  onAct: (action, message) => {
    line.post({ type: "say", mode: "say", thread: openId, text: `/${action} ${message.id}` }, { action });
    view.toEnd();
  },
  onRemove: (entry) => {
    outbox.remove(entry.frame.client_id);
    show();
  },
  onEdit: (entry) => {
    outbox.remove(entry.frame.client_id);
    composer.edit(entry.frame);
    show();
  },
};
const view = new TalkView($("log"), page);

const line = new Line("/desk/socket", outbox, {
  hello: () => ({ type: "hello", cursor: cursors(), language: currentLanguage() }),
  frame: hear,
  newest: (entry) => talkOf(entry.frame.thread).newest,
  state: (next) => {
    state = next;
    show();
  },
});

const composer = new DeskComposer(boot.key, {
  thread: () => list.find(openId) || (openId === "home" ? { id: "home", group: "home", title: "", actions: [] } : null),
  send: (frame, extra) => {
    line.post({ thread: openId, ...frame }, extra);
    show();
    view.toEnd();
  },
});

function cursors() {
  const told = { home: talkOf("home").cursor };
  if (openId) told[openId] = talkOf(openId).cursor;
  return told;
}

function hear(frame) {
  if (frame.type === "threads") takeThreads(frame.threads);
  if (frame.type === "messages") takeMessages(frame);
  if (frame.type === "gone" && frame.thread === openId) showGone();
  if (frame.type === "ack" || frame.type === "refused") settle(frame);
  show();
}

function takeThreads(threads) {
  list.threads = threads;
  list.loaded = true;
}

function takeMessages(frame) {
  const talk = talkOf(frame.thread);
  const loaded = talk.loaded;
  const fresh = talk.take(frame);
  for (const message of frame.messages) {
    busy.delete(message.id);
    if (message.client_id) outbox.arrived(message);
  }
  if (!loaded) return;
  const news = fresh.filter((message) => message.author === "bot" && message.thread !== openId).pop();
  if (frame.thread === "home" && openId !== "home" && news) toast(news.text);
  for (const message of fresh) if (frame.thread === openId && message.author === "customer") announce(message);
}

function announce(message) {
  $("live").textContent = t("message.new", { name: message.name || t("who.customer"), text: message.text });
}

function settle(frame) {
  const entry = outbox.find(frame.client_id);
  if (!entry) return;
  if (entry.press && frame.type === "refused") busy.delete(entry.press);
  if (entry.press || entry.action) outbox.remove(frame.client_id);
}

function toast(words) {
  clearTimeout(toastTimer);
  $("toast").textContent = words;
  toastTimer = setTimeout(() => $("toast").replaceChildren(), TOAST);
}

// opening and acting

function open(id) {
  composer.leave();
  openId = id;
  customer = null;
  list.chosen = id;
  document.body.dataset.view = id ? "thread" : "list";
  if (location.hash.slice(1) !== id) history.pushState(null, "", id ? `#${id}` : location.pathname);
  if (id) {
    line.send({ type: "open", thread: id, cursor: talkOf(id).cursor });
    $("log").replaceChildren();
  }
  composer.enter();
  show();
  view.toEnd();
  if (id) composer.focus();
}

function act(action) {
  const thread = list.find(openId);
  if (!thread) return;
  cardSheet.close();
  line.post({ type: "say", mode: "say", thread: openId, text: openId.startsWith("ticket:") ? `/${action}` : `/${action} ${thread.number}` }, { action });
  if (action === "claim") composer.focus();
}

/** Enter in the search field looks among the customers, whether they have a thread or not. */
async function lookUp(words) {
  if (!words || !boot.me.commands.includes("/customer")) return;
  const found = await findCustomers(words);
  if ($("search").value.trim() === words) list.showCustomers(words, found, openCustomer);
}

function openCustomer(one) {
  customer = one;
  show();
  if (!matchMedia("(min-width: 1180px)").matches) cardSheet.open();
}

// showing

function show() {
  list.show();
  const queue = list.inGroup("queue").length;
  $("waiting").hidden = !queue;
  $("waiting").textContent = String(queue);
  $("on-words").textContent = t(state === "open" ? "desk.on" : state === "connecting" ? "line.connecting" : "desk.off");
  $("on").querySelector(".dot").classList.toggle("off", state !== "open");
  banner.set(state, outbox.waiting.length);
  showPlaces();
  showNext();
  showThread();
}

function showPlaces() {
  const place = openId === "home" ? "home" : list.place;
  for (const button of document.querySelectorAll("[data-place]")) button.setAttribute("aria-current", String(button.dataset.place === place));
}

function showNext() {
  const next = list.inGroup("queue").find((thread) => thread.actions.includes("claim"));
  $("claim-next").hidden = !next || list.place !== "inbox" || list.tab !== "queue";
  if (next) {
    $("claim-number").textContent = `#${next.number}`;
    $("claim-next").querySelector("button").onclick = () => {
      open(next.id);
      act("claim");
    };
  }
}

function showThread() {
  const thread = list.find(openId);
  const home = openId === "home";
  if (customer) drawCustomer($("card"), customer.number, customer.name);
  else drawCard($("card"), thread, act);
  $("talk").toggleAttribute("data-none", !thread && !home);
  if (!thread && !home) {
    if (!$("nothing").dataset.gone) calm("desk.none_open");
    return;
  }
  delete $("nothing").dataset.gone;
  page.home = home || thread.group === "campaigns";
  page.customer = thread ? thread.title : "";
  page.channel = thread ? channelWords(thread) : "";
  showHead(thread, home);
  const pending = outbox.entries.filter((entry) => entry.frame.type === "say" && entry.frame.thread === openId && !entry.action && !talkOf(openId).has(entry));
  view.show(home ? ownTalk() : talkOf(openId), pending, state === "open", home ? [] : asides());
  composer.show();
}

/** The own talk without what was said about other threads: that is shown there. */
function ownTalk() {
  const own = new Talk();
  for (const message of talkOf("home").sorted) if (!message.thread) own.messages.set(message.id, message);
  return own;
}

/** The bot's words to this staff member about the open thread. */
function asides() {
  return talkOf("home").sorted.filter((message) => message.thread === openId && message.author === "bot").slice(-3);
}

function showHead(thread, home) {
  const title = home ? t("desk.home") : thread.subject || thread.title || t("who.customer");
  const chip = home ? null : el("span.chip.state", {}, chipWords(thread));
  $("thread-title").replaceChildren(el("span", {}, title), ...(chip ? [chip] : []));
  const about = home ? [] : [thread.subject ? thread.title : "", thread.number === null ? "" : `#${thread.number}`, channelWords(thread)];
  const facts = home ? [t("desk.home_note")] : [about.filter(Boolean).join(" · ")];
  $("thread-facts").replaceChildren(el("span", {}, facts[0]), ...(thread ? [turnNode(thread)] : []));
  $("show-card").hidden = home;
  $("actions").replaceChildren(...(thread ? thread.actions.filter((action) => known(`action.${action}`)).map(actionButton) : []));
  $("due").hidden = !thread;
  if (thread) {
    $("due").className = `due narrow ${turn(thread).tone}`;
    $("due").replaceChildren(turnNode(thread), el("span", {}, chipWords(thread)));
  }
}

function chipWords(thread) {
  if (thread.group === "campaigns" || thread.group === "bot") return stateWords(thread) || t("desk.group.bot");
  const whose = { mine: t("ticket.yours"), queue: t("ticket.nobodys") }[thread.group] || t("ticket.with", { name: thread.assignee });
  return [stateWords(thread), whose].filter(Boolean).join(" · ");
}

function actionButton(action) {
  const main = action === "resolve" || action === "claim";
  return el(`button.${main ? "primary" : "outline"}`, { type: "button", "data-action": action, onclick: () => act(action) }, icon(actionIcon(action)), t(`action.${action}`));
}

function calm(key) {
  const stamp = key + currentLanguage();
  if ($("nothing").dataset.stamp === stamp) return;
  $("nothing").dataset.stamp = stamp;
  $("nothing").replaceChildren(el("div.calm", {}, bell(), el("h3", {}, t(key)), el("p", {}, t(`${key}_more`))));
}

function showGone() {
  openId = "";
  list.chosen = "";
  $("nothing").dataset.gone = "1";
  calm("desk.gone");
}

// the frame around

function startMe() {
  $("me-name").textContent = boot.me.name;
  $("me-menu-name").textContent = boot.me.name;
  $("me-menu-roles").textContent = boot.me.roles.join(", ");
  $("me-avatar").textContent = initials(boot.me.name);
  const menu = $("me-menu");
  const set = (shown) => {
    menu.hidden = !shown;
    $("me").setAttribute("aria-expanded", String(shown));
  };
  $("me").addEventListener("click", () => set(menu.hidden));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !menu.hidden) {
      set(false);
      $("me").focus();
    }
  });
  document.addEventListener("pointerdown", (event) => !menu.contains(event.target) && !$("me").contains(event.target) && set(false));
}

function goTo(place) {
  if (place === "home") {
    open("home");
    return;
  }
  list.place = place;
  if (openId === "home" || matchMedia("(max-width: 799px)").matches) open("");
  show();
}

/** What this role has nothing to do with is not offered. */
function startPlaces() {
  const offered = { inbox: boot.me.commands.includes("/queue"), campaigns: boot.me.commands.includes("/campaigns"), home: true };
  for (const button of document.querySelectorAll("[data-place]")) button.hidden = !offered[button.dataset.place];
  if (!offered.inbox) list.place = "campaigns";
}

$("search").addEventListener("keydown", (event) => event.key === "Enter" && lookUp($("search").value.trim()));
startLook();
startMe();
startPlaces();
const cardSheet = new Sheet($("card"), $("show-card"));
for (const button of document.querySelectorAll("[data-place]")) button.addEventListener("click", () => goTo(button.dataset.place));
$("back").addEventListener("click", () => {
  const from = openId;
  open("");
  document.querySelector(`[data-thread="${CSS.escape(from)}"]`)?.focus();
});
addEventListener("popstate", () => open(decodeURIComponent(location.hash.slice(1))));
onLanguage((language) => {
  line.send(line.handlers.hello());
  line.post({ type: "say", mode: "say", thread: "home", text: `/language ${language}` }, { action: "language" });
  $("log").replaceChildren();
  composer.enter();
  show();
});
setInterval(show, 20_000); // waiting times grow
fillIcon($("send-icon"), "arrow");
if (location.hash.length > 1) open(decodeURIComponent(location.hash.slice(1)));
else show();
line.connect();
